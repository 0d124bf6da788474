/** A workflow with the fault that workflow threads are watched for. */
export async function endless(): Promise<void> {
  for (;;);
}

export async function short(): Promise<string> {
  return 'done';
}

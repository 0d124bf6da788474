import { FastifyOtelInstrumentation } from '@fastify/otel';
import {
  type Attributes,
  type Context,
  DiagLogLevel,
  diag,
  type HrTime,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter } from '@opentelemetry/sdk-trace';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import {
  OpenTelemetryActivityInboundInterceptor,
  OpenTelemetryWorkflowClientInterceptor,
} from '@temporalio/interceptors-opentelemetry';
import type { ActivityInterceptorsFactory, InjectedSinks } from '@temporalio/worker';
import type { FastifyPluginCallback } from 'fastify';
import type { Logger } from 'pino';
import type { TracingSinks, UpdateSpan } from '../workflows/tracing.ts';

/**
 * Traces, by OpenTelemetry: from a request through the Update, the workflow and its activities to the mail provider. Loaded
 * only where it is switched on.
 */

export interface Tracing {
  /** For Temporal's client. */
  client: WorkflowClientInterceptor;
  /** For workers, with the workflows bundled for it. */
  activity: ActivityInterceptorsFactory;
  sinks: InjectedSinks<TracingSinks>;
  /** For the API, before its hooks and routes. */
  plugin: FastifyPluginCallback;
  /** Sends what has not been sent yet. */
  close(): Promise<void>;
}

/**
 * What of a span is sent. Libraries note URLs, which can hold links, and the texts of errors, which quote addresses: what
 * is not named here stays here.
 */
const attributesSent: ReadonlySet<string> = new Set([
  'http.request.method',
  'http.route',
  'http.response.status_code',
  'server.address',
  'server.port',
  'error.type',
  'run_id',
  'temporalWorkflowId',
  'temporalActivityId',
  'temporalUpdateId',
  'usher.request',
  'usher.invitation',
  'usher.delivery',
  'usher.result',
  'usher.code',
]);

/**
 * Starts OpenTelemetry's SDK, which reads its own variables (OTEL_…).
 *
 * @param service its name, unless OTEL_SERVICE_NAME says otherwise
 * @param logger is told when traces cannot be sent; nothing waits for them
 */
export function startTracing(service: 'usher-api' | 'usher-worker', logger: Logger): Tracing {
  const tell = (text: string) => logger.warn({ text: text.slice(0, 300) }, 'OpenTelemetry');
  const not = () => undefined;
  diag.setLogger({ error: tell, warn: tell, info: not, debug: not, verbose: not }, DiagLogLevel.WARN);
  const resource = defaultResource()
    .merge(resourceFromAttributes({ 'service.name': service }))
    .merge(detectResources({ detectors: [serviceInstanceIdDetector, envDetector] }));
  const processor = new BatchSpanProcessor({ exporter: reduced(new OTLPTraceExporter()) });
  const sdk = new NodeSDK({
    resource,
    autoDetectResources: false,
    spanProcessors: [processor],
    metricReaders: [],
    logRecordProcessors: [],
    textMapPropagator: new Traceparent(),
    instrumentations: [
      new UndiciInstrumentation({
        requireParentforSpans: true,
        // Mail and identity providers, and where webhooks go, are other people's: they are not told of traces.
        requestHook: (_, request) => {
          request.addHeader = () => undefined;
        },
      }),
    ],
  });
  sdk.start();
  const http = new FastifyOtelInstrumentation({
    // A handler's own span brings its trace back, which is lost where a body is read. Hooks have none.
    instrumentHooks: false,
    ignorePaths: ({ url }) => /^\/(healthz|readyz|metrics)\b/.test(url),
    requestHook(span, request) {
      span
        .updateName(`${request.method} ${request.routeOptions.url ?? 'none'}`)
        .setAttribute('usher.request', request.id);
    },
  });
  return {
    client: new OpenTelemetryWorkflowClientInterceptor(),
    activity: (context) => ({ inbound: new OpenTelemetryActivityInboundInterceptor(context) }),
    sinks: {
      tracing: {
        updated: {
          fn: ({ workflowId, runId }, update) =>
            processor.onEnd({
              ...spanOfUpdate(update),
              attributes: { temporalWorkflowId: workflowId, run_id: runId },
              resource,
            }),
        },
      },
    },
    plugin: http.plugin(),
    close: () => sdk.shutdown(),
  };
}

/**
 * Of what a caller sends along `traceparent` alone is heeded, which is random. `baggage` and `tracestate` may hold anything, and
 * would be kept in Temporal's histories.
 */
class Traceparent extends W3CTraceContextPropagator {
  override extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    return super.extract(context, carrier, {
      keys: (from) => getter.keys(from),
      get: (from, key) => (key === 'traceparent' ? getter.get(from, key) : undefined),
    });
  }
}

/** An exporter that is given of each span only what may leave. */
const reduced = (exporter: SpanExporter): SpanExporter => ({
  export: (spans, done) => exporter.export(spans.map(reducedSpan), done),
  forceFlush: async () => exporter.forceFlush?.(),
  shutdown: () => exporter.shutdown(),
});

/** What no span that leaves has. */
const without = { events: [], links: [], droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0 };

function reducedSpan(span: ReadableSpan): ReadableSpan {
  const { name, kind, parentSpanContext, startTime, endTime, duration, ended, resource, instrumentationScope } = span;
  const thrown = span.events.find((event) => event.name === 'exception')?.attributes?.['exception.type'];
  const attributes: Attributes = thrown === undefined ? {} : { 'error.type': thrown };
  for (const [key, value] of Object.entries(span.attributes))
    if (attributesSent.has(key) && value !== undefined) attributes[key] = value;
  return {
    ...without,
    ...{ name, kind, startTime, endTime, duration, ended, resource, instrumentationScope, attributes },
    ...(parentSpanContext ? { parentSpanContext } : {}),
    spanContext: () => span.spanContext(),
    status: { code: isRefusal(span) ? SpanStatusCode.UNSET : span.status.code },
  };
}

/**
 * Whether a span of the API's is none of an error, though something was thrown: a problem of the caller's is no error of the
 * service's. https://opentelemetry.io/docs/specs/semconv/http/http-spans/#status
 */
const isRefusal = ({ instrumentationScope, attributes }: ReadableSpan): boolean =>
  instrumentationScope.name === '@fastify/otel' && !(Number(attributes['http.response.status_code']) >= 500);

/** The part of an Update in its workflow, which tells of it when it has ended. */
function spanOfUpdate(span: UpdateSpan): Omit<ReadableSpan, 'attributes' | 'resource'> {
  const { update, parent, own, began, ended } = span;
  return {
    ...without,
    name: `HandleUpdate:${update}`,
    kind: SpanKind.INTERNAL,
    spanContext: () => contextOf(own),
    parentSpanContext: contextOf(parent),
    startTime: hrTime(began),
    endTime: hrTime(ended),
    duration: hrTime(ended - began),
    ended: true,
    status: { code: SpanStatusCode.UNSET },
    instrumentationScope: { name: 'usher' },
  };
}

/** https://www.w3.org/TR/trace-context/#traceparent-header */
function contextOf(traceparent: string) {
  const [, traceId = '', spanId = '', flags = ''] = traceparent.split('-');
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) };
}

const hrTime = (ms: number): HrTime => [Math.floor(ms / 1_000), (ms % 1_000) * 1_000_000];

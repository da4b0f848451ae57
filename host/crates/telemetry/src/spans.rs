//! Spans of `tracing` become spans of OpenTelemetry.

use std::sync::Arc;
use std::time::Instant;

use stoa_kernel::random::Random;
use stoa_kernel::trace::TraceContext;
use tracing::span::{Attributes, Id, Record};
use tracing::{Subscriber, dispatcher};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use crate::fields::Fields;
use crate::otlp::trace::{Kind, Link, Span, Status, StatusCode};
use crate::queue::Queue;
use crate::time::now_ns;

/// Bytes of a text in an attribute.
const TEXT_BYTES_MAX: usize = 256;

const NAME: &str = "otel.name";
const KIND: &str = "otel.kind";
const STATUS: &str = "otel.status_code";
const PARENT: &str = "otel.parent";
const LINK: &str = "otel.link";

/// Fields that are no attributes.
const SPECIAL: &[&str] = &[NAME, KIND, STATUS, PARENT, LINK];

/// `Status` of a field that says so.
const ERROR: &str = "ERROR";

/// Keeps spans, as far as they are sampled, and sends them on their way when they end.
pub struct Spans {
    queue: Queue<Span>,
    sampled: Ratio,
    random: Arc<dyn Random>,
}

/// What is kept of a span until it ends.
struct Kept {
    context: TraceContext,
    begun: Instant,
    /// None of one that is not sampled.
    span: Option<Box<Span>>,
}

impl Spans {
    /// Keeps this share of all traces, from 0 to 1.
    pub(crate) fn new(queue: Queue<Span>, sample_ratio: f64, random: Arc<dyn Random>) -> Self {
        Self {
            queue,
            sampled: Ratio::new(sample_ratio),
            random,
        }
    }

    fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        // All zeros mean none.
        while bytes == [0; N] {
            self.random.fill(&mut bytes);
        }
        bytes
    }

    /// The place of a new span below the span of this process or of another one, or beside the one that it follows
    /// from. A stranger can't make more spans be kept than the ratio says, but can see to it that theirs are not.
    fn place(
        &self,
        own: Option<TraceContext>,
        sent: Option<TraceContext>,
        link: Option<TraceContext>,
    ) -> TraceContext {
        let span = self.random();
        match (own, sent) {
            (Some(above), _) => TraceContext { span, ..above },
            (None, Some(above)) => TraceContext {
                trace: above.trace,
                span,
                is_sampled: above.is_sampled && self.sampled.keeps(above.trace),
            },
            (None, None) => {
                let trace = self.random();
                let follows = link.is_some_and(|link| link.is_sampled) && !self.sampled.is_none();
                TraceContext {
                    trace,
                    span,
                    is_sampled: follows || self.sampled.keeps(trace),
                }
            }
        }
    }
}

impl<S: Subscriber + for<'l> LookupSpan<'l>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else {
            return;
        };
        let mut fields = Fields::new(SPECIAL, TEXT_BYTES_MAX);
        attributes.record(&mut fields);
        let mut named = |name| TraceContext::parse(&fields.take(name)?);
        let (sent, link) = (named(PARENT), named(LINK));
        let own = span.parent().and_then(|parent| place_of(&parent));
        let place = self.place(own, sent, link);
        let kept = place.is_sampled.then(|| {
            let mut kept = Span {
                trace_id: place.trace.to_vec(),
                span_id: place.span.to_vec(),
                parent_span_id: own
                    .or(sent)
                    .map_or_else(Vec::new, |above| above.span.to_vec()),
                name: attributes.metadata().name().to_owned(),
                kind: Kind::Internal.into(),
                start_time_unix_nano: now_ns(),
                links: link.map(link_to).into_iter().collect(),
                flags: 1,
                ..Span::default()
            };
            note(&mut kept, fields);
            Box::new(kept)
        });
        span.extensions_mut().insert(Kept {
            context: place,
            begun: Instant::now(),
            span: kept,
        });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else {
            return;
        };
        let mut extensions = span.extensions_mut();
        let kept = extensions.get_mut::<Kept>();
        if let Some(span) = kept.and_then(|kept| kept.span.as_mut()) {
            let mut fields = Fields::new(SPECIAL, TEXT_BYTES_MAX);
            fields.attributes = std::mem::take(&mut span.attributes);
            values.record(&mut fields);
            note(span, fields);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else {
            return;
        };
        let kept = span.extensions_mut().remove::<Kept>();
        let Some(Kept {
            begun,
            span: Some(mut span),
            ..
        }) = kept
        else {
            return;
        };
        let took_ns = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        span.end_time_unix_nano = span.start_time_unix_nano.saturating_add(took_ns);
        self.queue.put(*span);
    }
}

fn link_to(link: TraceContext) -> Link {
    Link {
        trace_id: link.trace.to_vec(),
        span_id: link.span.to_vec(),
    }
}

/// Adds what fields say.
fn note(span: &mut Span, mut fields: Fields) {
    if let Some(name) = fields.take(NAME) {
        span.name = name;
    }
    if let Some(kind) = fields.take(KIND) {
        let kind = match &*kind {
            "server" => Kind::Server,
            "client" => Kind::Client,
            "producer" => Kind::Producer,
            "consumer" => Kind::Consumer,
            _ => Kind::Internal,
        };
        span.kind = kind.into();
    }
    if fields.take(STATUS).is_some_and(|status| status == ERROR) {
        let code = StatusCode::Error.into();
        span.status = Some(Status { code });
    }
    span.attributes = fields.attributes;
}

/// The place of a span, if it is kept here.
pub(crate) fn place_of<'l, R: LookupSpan<'l>>(span: &SpanRef<'l, R>) -> Option<TraceContext> {
    let extensions = span.extensions();
    extensions.get::<Kept>().map(|kept| kept.context)
}

/// The place of the span that this thread is in.
pub(crate) fn current() -> Option<TraceContext> {
    dispatcher::get_default(|dispatch| {
        let registry = dispatch.downcast_ref::<Registry>()?;
        let span = registry.span(dispatch.current_span().id()?)?;
        span.scope().find_map(|span| place_of(&span))
    })
}

/// A share of all traces, told by their ids: all hosts of one trace decide alike, as
/// `TraceIdRatioBased` of OpenTelemetry's SDKs does.
#[derive(Debug, Clone, Copy)]
struct Ratio {
    /// Ids below are kept.
    end: u64,
}

impl Ratio {
    fn new(ratio: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "the ratio is between 0 and 1, and needs no more digits than it has"
        )]
        let end = (ratio.clamp(0.0, 1.0) * (1_u64 << 63) as f64) as u64;
        Self { end }
    }

    const fn is_none(self) -> bool {
        self.end == 0
    }

    fn keeps(self, trace: [u8; 16]) -> bool {
        let low = u128::from_be_bytes(trace) & u128::from(u64::MAX);
        u64::try_from(low).unwrap_or(u64::MAX) >> 1 < self.end
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use stoa_kernel::trace::SPANS;
    use tokio::sync::mpsc::Receiver;
    use tracing::field::Empty;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;
    use crate::otlp::Value;
    use crate::queue::queue;

    const SENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    /// Counts up.
    #[derive(Default)]
    struct Counting(std::sync::atomic::AtomicU8);

    impl Random for Counting {
        fn fill(&self, into: &mut [u8]) {
            let next = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            into.fill(next + 1);
        }
    }

    fn keeping(ratio: f64) -> (impl Subscriber + Send + Sync, Receiver<Span>) {
        let (queue, kept) = queue("spans", 10);
        let spans = Spans::new(queue, ratio, Arc::new(Counting::default()));
        (tracing_subscriber::registry().with(spans), kept)
    }

    fn work(parent: Option<&str>, link: Option<&str>) -> Option<TraceContext> {
        let outer = tracing::info_span!(
            target: SPANS, "outer", otel.kind = "server", otel.name = Empty, otel.status_code = Empty,
            otel.parent = parent, otel.link = link, count = 1, late = Empty
        );
        outer.in_scope(|| {
            let inner = tracing::info_span!(target: SPANS, "inner", text = "x".repeat(300));
            let found = inner.in_scope(current);
            outer.record("otel.name", "named");
            outer.record("otel.status_code", ERROR);
            outer.record("late", true);
            outer.record("count", 2);
            found
        })
    }

    #[test]
    fn spans_are_a_tree_with_what_was_said_of_them() {
        let (subscriber, mut kept) = keeping(1.0);
        let place = tracing::subscriber::with_default(subscriber, || work(Some(SENT), None));
        let (inner, outer) = (kept.try_recv().unwrap(), kept.try_recv().unwrap());
        let sent = TraceContext::parse(SENT).unwrap();
        assert_eq!(outer.trace_id, sent.trace);
        assert_eq!(outer.parent_span_id, sent.span);
        assert_eq!(inner.parent_span_id, outer.span_id);
        assert_eq!(place.unwrap().span.to_vec(), inner.span_id);
        assert_eq!((&*outer.name, &*inner.name), ("named", "inner"));
        assert_eq!((outer.kind(), inner.kind()), (Kind::Server, Kind::Internal));
        assert_eq!(outer.status.as_ref().unwrap().code(), StatusCode::Error);
        assert_eq!(inner.status, None);
        let of = |span: &Span, key: &str| {
            let mut all = span.attributes.iter();
            let found = all.find(|attribute| attribute.key == key);
            found.and_then(|found| found.value.clone()?.value)
        };
        assert_eq!(of(&outer, "late"), Some(Value::Bool(true)));
        assert_eq!(of(&outer, "count"), Some(Value::Int(2)));
        assert_eq!(
            of(&inner, "text"),
            Some(Value::String("x".repeat(TEXT_BYTES_MAX)))
        );
        assert!(outer.end_time_unix_nano >= inner.end_time_unix_nano);
    }

    #[test]
    fn what_follows_from_another_span_is_linked_to_it_and_no_part_of_it() {
        let (subscriber, mut kept) = keeping(1.0);
        tracing::subscriber::with_default(subscriber, || work(None, Some(SENT)));
        let (_, outer) = (kept.try_recv().unwrap(), kept.try_recv().unwrap());
        let sent = TraceContext::parse(SENT).unwrap();
        assert_ne!(outer.trace_id, sent.trace);
        assert!(outer.parent_span_id.is_empty());
        assert_eq!(outer.links, [link_to(sent)]);
    }

    #[test]
    fn nobody_outside_can_have_more_kept_than_the_ratio_says() {
        for (ratio, parent, link, wanted) in [
            (0.0, Some(SENT), None, 0),
            (0.0, None, Some(SENT), 0),
            (0.0, None, None, 0),
            (
                1.0,
                Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"),
                None,
                0,
            ),
            (1.0, None, None, 2),
            (0.0001, None, Some(SENT), 2),
        ] {
            let (subscriber, mut kept) = keeping(ratio);
            let place = tracing::subscriber::with_default(subscriber, || work(parent, link));
            let found = std::iter::from_fn(|| kept.try_recv().ok()).count();
            assert_eq!(found, wanted, "{ratio} {parent:?} {link:?}");
            assert_eq!(place.unwrap().is_sampled, wanted > 0, "it is passed on");
        }
    }

    #[test]
    fn a_ratio_keeps_its_share() {
        let keeps = |ratio: f64, low: u64| Ratio::new(ratio).keeps(u128::from(low).to_be_bytes());
        assert!(keeps(1.0, u64::MAX) && !keeps(0.0, 0));
        assert!(keeps(0.5, u64::MAX / 2 - 2) && !keeps(0.5, u64::MAX / 2 + 2));
    }

    #[test]
    fn what_does_not_fit_is_dropped_and_nobody_waits() {
        let (subscriber, mut kept) = keeping(1.0);
        tracing::subscriber::with_default(subscriber, || {
            (0..20).for_each(|_| {
                let _ = work(None, None);
            });
        });
        assert_eq!(std::iter::from_fn(|| kept.try_recv().ok()).count(), 10);
    }
}

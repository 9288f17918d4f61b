//! Streams the rows of a statement to the component.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::sync::mpsc;
use wasmtime::{
    Result, StoreContextMut,
    component::{Destination, StreamProducer, StreamResult},
};

use crate::bindings::spin::sqlite::sqlite::RowResult;

/// Passes rows on one at a time, as they arrive.
pub(super) struct RowProducer(pub(super) mpsc::Receiver<RowResult>);

impl<D> StreamProducer<D> for RowProducer {
    type Item = RowResult;
    type Buffer = Option<RowResult>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        store: StoreContextMut<'a, D>,
        mut destination: Destination<'a, Self::Item, Self::Buffer>,
        finish: bool,
    ) -> Poll<Result<StreamResult>> {
        if destination.remaining(store) == Some(0) {
            return Poll::Ready(Ok(StreamResult::Completed));
        }
        let received = self.0.poll_recv(cx);
        if received.is_pending() && finish {
            return Poll::Ready(Ok(StreamResult::Cancelled));
        }
        let Some(row) = ready!(received) else {
            return Poll::Ready(Ok(StreamResult::Dropped));
        };
        destination.set_buffer(Some(row));
        Poll::Ready(Ok(StreamResult::Completed))
    }
}

//! Bodies: the host copies them from one stream to the other.

use std::pin::pin;

use futures_util::future::{Either, select};
use wasip2::http::types::{ErrorCode, IncomingBody, OutgoingBody, Trailers};
use wasip2::io::streams::OutputStream;
use wstd::io::{AsyncInputStream, AsyncOutputStream, AsyncPollable};

use crate::MAX_SHORT_BODY;
use crate::platform::GATHER_LIMIT;

/// A body, with its trailers. WASI wants them dropped in the order of the fields.
pub struct Stream {
    contents: AsyncInputStream,
    body: IncomingBody,
}

/// A body to be sent. WASI wants the parts dropped in the order of the fields.
pub(super) struct Target {
    pub(super) contents: AsyncOutputStream,
    pub(super) body: OutgoingBody,
}

impl Stream {
    pub(super) fn of(body: Result<IncomingBody, ()>) -> Result<Self, ErrorCode> {
        let body = body.map_err(|()| ErrorCode::InternalError(None))?;
        let contents = body.stream();
        let contents = contents.map_err(|()| ErrorCode::InternalError(None))?;
        let contents = AsyncInputStream::new(contents);
        Ok(Self { contents, body })
    }

    /// The trailers, when everything has been read. `None` if the body broke.
    async fn trailers(self) -> Option<Option<Trailers>> {
        drop(self.contents);
        let trailers = IncomingBody::finish(self.body);
        AsyncPollable::new(trailers.subscribe()).wait_for().await;
        trailers.get()?.ok()?.ok()
    }
}

/// What follows the beginning of a body.
pub(super) enum Rest {
    End(Option<Trailers>),
    More(Stream),
    /// The source failed.
    Broken,
}

/// Reads the beginning of a body, as far as it is short and there soon.
pub(super) async fn gather(body: Stream) -> (Vec<u8>, Rest) {
    let mut beginning = Vec::new();
    let mut part = [0; 8192];
    let mut timer = pin!(wstd::task::sleep(GATHER_LIMIT.into()));
    while beginning.len() < MAX_SHORT_BODY {
        let length = {
            let reading = pin!(body.contents.read(&mut part));
            match select(reading, timer.as_mut()).await {
                Either::Left((length, _)) => length,
                Either::Right(_) => break,
            }
        };
        match length {
            Ok(0) => {
                let end = body.trailers().await;
                return (beginning, end.map_or(Rest::Broken, Rest::End));
            }
            Ok(length) => beginning.extend_from_slice(&part[..length]),
            Err(_) => return (beginning, Rest::Broken),
        }
    }
    (beginning, Rest::More(body))
}

/// Writes the beginning of the bytes, as far as that does not have to wait, and returns the others.
pub(super) fn write_what_fits<'a>(stream: &OutputStream, bytes: &'a [u8]) -> &'a [u8] {
    let room = stream.check_write().unwrap_or_default();
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    let (fitting, left) = bytes.split_at(room.min(bytes.len()));
    // If the client is gone, the next write fails as well.
    _ = stream.write(fitting);
    left
}

/// Sends the body of a request, without its trailers: they could carry the guard's own headers.
pub(super) async fn send_body(body: Stream, target: Target) {
    let is_whole = body.contents.copy_to(&target.contents).await.is_ok();
    if is_whole && body.trailers().await.is_some() {
        drop(target.contents);
        _ = OutgoingBody::finish(target.body, None);
    }
}

/// Sends the rest of a body and its trailers. If the source breaks, the target stays unfinished, so
/// that its reader notices.
pub(super) async fn send_rest(left: &[u8], rest: Rest, target: Target) -> std::io::Result<()> {
    target.contents.write_all(left).await?;
    let trailers = match rest {
        Rest::End(trailers) => Some(trailers),
        Rest::More(body) => {
            body.contents.copy_to(&target.contents).await?;
            body.trailers().await
        }
        Rest::Broken => None,
    };
    drop(target.contents);
    if let Some(trailers) = trailers {
        _ = OutgoingBody::finish(target.body, trailers);
    }
    Ok(())
}

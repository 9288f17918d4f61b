//! Sends a response, with its head and a small body in one packet.

use axum::body::{Body, Bytes, HttpBody};
use axum::http::HeaderMap;
use axum::response::Response;
use http_body_util::BodyExt;
use wasip2::http::types::{Fields, OutgoingBody, OutgoingResponse, ResponseOutparam};
use wasip2::io::streams::OutputStream;
use wstd::io::AsyncOutputStream;

/// Sends the response. Returns when its body has been sent, or when the client is gone.
///
/// A body that fits into the host's buffer is written first. Otherwise head and body leave in two
/// packets, and many clients acknowledge the first only after 40 ms, which delays the second.
pub async fn send(response: Response, out: ResponseOutparam) {
    let (parts, mut body) = response.into_parts();
    let head = OutgoingResponse::new(fields(&parts.headers));
    // Only fails for an invalid status code.
    _ = head.set_status_code(parts.status.as_u16());
    let Ok(outgoing) = head.body() else { return };
    let Ok(stream) = outgoing.write() else { return };
    let mut chunk = next_chunk(&mut body).await;
    write_what_fits(&stream, &mut chunk);
    if chunk.is_empty() && body.is_end_stream() {
        drop(stream);
        _ = OutgoingBody::finish(outgoing, None);
        ResponseOutparam::set(out, Ok(head));
        return;
    }
    ResponseOutparam::set(out, Ok(head));
    if write_rest(stream, chunk, &mut body).await.is_ok() {
        _ = OutgoingBody::finish(outgoing, None);
    }
}

fn fields(headers: &HeaderMap) -> Fields {
    let entries = headers.iter();
    let entries = entries.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
    // Only fails for headers that a service cannot set, such as `connection`.
    Fields::from_list(&entries.collect::<Vec<_>>()).unwrap_or_else(|_| Fields::new())
}

/// Writes the beginning of the chunk, as far as that does not have to wait, and removes it.
fn write_what_fits(stream: &OutputStream, chunk: &mut Bytes) {
    let room = stream.check_write().unwrap_or_default();
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    let part = chunk.split_to(room.min(chunk.len()));
    // If the client is gone, the next write fails as well.
    _ = stream.write(&part);
}

async fn write_rest(stream: OutputStream, first: Bytes, body: &mut Body) -> std::io::Result<()> {
    let stream = AsyncOutputStream::new(stream);
    let mut chunk = first;
    loop {
        stream.write_all(&chunk).await?;
        chunk = next_chunk(body).await;
        if chunk.is_empty() {
            return Ok(());
        }
    }
}

/// The next chunk of the body. It is empty at the end.
async fn next_chunk(body: &mut Body) -> Bytes {
    while let Some(Ok(frame)) = body.frame().await {
        match frame.into_data() {
            Ok(chunk) if !chunk.is_empty() => return chunk,
            _ => {}
        }
    }
    Bytes::new()
}

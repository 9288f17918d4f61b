//! WASI 0.3, for Spin 4.1 and later: bodies are handed on as handles, without their bytes.

use std::pin::pin;

use futures_util::future::{Either, select};
use http::{HeaderMap, Request, Response};
use spin_sdk::http::{IncomingMessage, Response as IncomingResponse};
use spin_sdk::variables;
use spin_sdk::wasip3::http::types::{self, ErrorCode, Fields, Trailers};
use spin_sdk::wasip3::wit_bindgen::{FutureReader, StreamReader};
use spin_sdk::wasip3::{spawn, wit_future};
#[cfg(target_family = "wasm")]
use spin_sdk::wasip3::{wit_bindgen::StreamResult, wit_bindgen::yield_async, wit_stream};

use super::{ANSWER_LIMIT, TIMED_OUT};
use crate::headers::for_host;
use crate::settings::Settings;
#[cfg(target_family = "wasm")]
use crate::{Body, MAX_SHORT_BODY};

type TrailersResult = Result<Option<Trailers>, ErrorCode>;

/// The body of a message, with its trailers. It is opened only to be read or handed on: the host would tell
/// this component about the end of an open body, amid the sending of another response.
pub enum Stream {
    /// The client's.
    Request(types::Request),
    /// The application's.
    Response(types::Response),
}

/// An open body.
struct Opened {
    contents: StreamReader<u8>,
    trailers: FutureReader<TrailersResult>,
}

// Its exports have symbol names that only WebAssembly allows.
#[cfg(target_family = "wasm")]
mod entry {
    use spin_sdk::http::Request;

    use super::{ErrorCode, Stream, respond, types};

    #[spin_sdk::http_service]
    async fn handle(request: Request) -> Result<types::Response, ErrorCode> {
        let (head, mut body) = request.into_parts();
        let body = body.take_unstarted();
        let body = body.ok_or(ErrorCode::InternalError(None))?;
        let request = http::Request::from_parts(head, Stream::Request(body));
        respond(crate::handle(request).await).await
    }
}

impl Stream {
    fn open(self) -> Opened {
        // Nobody waits for the result of having read the body.
        let (_, result) = wit_future::new(|| Ok(()));
        let (contents, trailers) = match self {
            Self::Request(request) => request.consume_body(result),
            Self::Response(response) => response.consume_body(result),
        };
        Opened { contents, trailers }
    }
}

/// Returns the value of a variable, `None` if it is not declared.
///
/// # Errors
/// If it cannot be read, or is not inherited: a reason that continues the variable's name in a sentence.
pub async fn variable(name: &str) -> Result<Option<String>, &'static str> {
    match variables::get(name).await {
        Ok(value) => Ok(Some(value)),
        Err(variables::Error::Undefined(_)) if are_denied().await => {
            Err("is not inherited: `inherit_configuration` needs `variables`")
        }
        Err(variables::Error::Undefined(_)) => Ok(None),
        Err(_) => Err("could not be read"),
    }
}

/// Whether middleware does not inherit the variables of the component behind it. Spin then calls every name
/// undeclared, even an impossible one. A requirement that is not inherited must not count as none.
async fn are_denied() -> bool {
    let impossible = variables::get("").await;
    matches!(impossible, Err(variables::Error::Undefined(_)))
}

/// Sends a request without a body and returns the head of the response.
///
/// # Errors
/// The reason why there is none, for the log.
pub async fn ask(request: Request<()>) -> Result<Response<()>, String> {
    let request = outgoing(request.map(|()| None)).map_err(text)?;
    let answer = pin!(spin_sdk::http::send(request));
    let timer = pin!(spin_sdk::time::sleep(ANSWER_LIMIT));
    match select(answer, timer).await {
        Either::Left((answer, _)) => Ok(answer.map_err(text)?.map(drop)),
        Either::Right(_) => Err(TIMED_OUT.to_owned()),
    }
}

/// Sends a request to the application and returns its response.
///
/// # Errors
/// The reason why there is none, for the log.
pub async fn hand_on(
    request: Request<Stream>,
    settings: &Settings,
) -> Result<Response<Stream>, String> {
    let response = next(request, settings).await.map_err(text)?;
    with_stream(response).map_err(text)
}

/// Calls the component that this one is composed with.
#[cfg(feature = "middleware")]
async fn next(request: Request<Stream>, _: &Settings) -> Result<IncomingResponse, ErrorCode> {
    spin_sdk::http::next(outgoing(request.map(Some))?).await
}

/// Sends the request to the application's address.
#[cfg(not(feature = "middleware"))]
async fn next(
    mut request: Request<Stream>,
    settings: &Settings,
) -> Result<IncomingResponse, ErrorCode> {
    crate::headers::leave_connection(request.headers_mut());
    let upstream = settings.upstream.as_ref();
    let uri = upstream.and_then(|upstream| upstream.uri_of(request.uri()));
    *request.uri_mut() = uri.ok_or(ErrorCode::HttpRequestUriInvalid)?;
    spin_sdk::http::send(outgoing(request.map(Some))?).await
}

fn outgoing(request: Request<Option<Stream>>) -> Result<types::Request, ErrorCode> {
    let (head, body) = request.into_parts();
    let (contents, trailers) = match body.map(Stream::open) {
        Some(body) => (Some(body.contents), without_trailers(body.trailers)),
        None => (None, no_trailers()),
    };
    let headers = fields(&head.headers)?;
    // Nobody waits for the result of having sent the request: the response tells.
    let (request, _) = types::Request::new(headers, contents, trailers, None);
    let uri = &head.uri;
    let scheme = uri.scheme().map(types::Scheme::from);
    let authority = uri.authority().map(|authority| authority.as_str());
    let path = uri.path_and_query().map(|path| path.as_str());
    let is_set = request.set_method(&head.method.into()).is_ok()
        && request.set_scheme(scheme.as_ref()).is_ok()
        && request.set_authority(authority).is_ok()
        && request.set_path_with_query(path).is_ok();
    is_set
        .then_some(request)
        .ok_or(ErrorCode::HttpRequestUriInvalid)
}

fn with_stream(response: IncomingResponse) -> Result<Response<Stream>, ErrorCode> {
    let (head, mut body) = response.into_parts();
    let body = body.take_unstarted();
    let body = body.ok_or(ErrorCode::InternalError(None))?;
    Ok(Response::from_parts(head, Stream::Response(body)))
}

/// Converts the response for the host.
#[cfg(target_family = "wasm")]
async fn respond(response: Response<Body>) -> Result<types::Response, ErrorCode> {
    let (mut head, body) = response.into_parts();
    let (contents, trailers) = match body {
        Body::Text(text) => {
            let_callee_finish().await;
            whole(text.into_bytes(), Ok(None))
        }
        Body::Short(body) => {
            let (beginning, rest) = gather(body.open()).await;
            if super::NEEDS_UPSTREAM {
                let_callee_finish().await;
            }
            if let Rest::End(Ok(None)) = rest {
                super::name_length(&mut head.headers, &beginning);
            }
            match rest {
                // Without contents, because the end of a stream would leave in a packet of its own.
                Rest::End(Ok(None)) if beginning.is_empty() => (None, no_trailers()),
                Rest::End(end) => whole(beginning, end),
                Rest::More(body) => (Some(stream(beginning, body.contents)), body.trailers),
            }
        }
        Body::Long(body) => {
            let body = body.open();
            (Some(body.contents), body.trailers)
        }
    };
    let headers = fields(&head.headers)?;
    let (response, _) = types::Response::new(headers, contents, trailers);
    let is_set = response.set_status_code(head.status.as_u16());
    is_set.map_err(|()| ErrorCode::HttpProtocolError)?;
    Ok(response)
}

/// Lets the instance that answered last finish, be it Gatehouse's or the application's.
///
/// Otherwise a second thread is awake, which could send the head of this response before its body: measured at
/// every third refusal and every eighth response of a gateway. The host uses the second turn to switch.
#[cfg(target_family = "wasm")]
async fn let_callee_finish() {
    yield_async().await;
    yield_async().await;
}

/// What follows the beginning of a body.
#[cfg(target_family = "wasm")]
enum Rest {
    End(TrailersResult),
    More(Opened),
}

/// Reads the beginning of a body, as far as it is short and there soon.
#[cfg(target_family = "wasm")]
async fn gather(mut body: Opened) -> (Vec<u8>, Rest) {
    let mut timer = pin!(spin_sdk::time::sleep(super::GATHER_LIMIT));
    let mut beginning = Vec::with_capacity(MAX_SHORT_BODY);
    while beginning.len() < beginning.capacity() {
        let (status, read) = {
            let mut reading = pin!(body.contents.read(beginning));
            match select(reading.as_mut(), timer.as_mut()).await {
                Either::Left((result, _)) => result,
                // Bytes may have arrived meanwhile, or the end, after which another read would trap.
                Either::Right(_) => reading.cancel(),
            }
        };
        beginning = read;
        match status {
            StreamResult::Complete(_) => {}
            StreamResult::Dropped => return (beginning, Rest::End(body.trailers.await)),
            StreamResult::Cancelled => break,
        }
    }
    (beginning, Rest::More(body))
}

/// A body that is known to its end.
///
/// The end is written after the bytes. Otherwise the host would tell this component about the end first, and
/// could send the head of the response meanwhile, without the bytes.
#[cfg(target_family = "wasm")]
fn whole(
    bytes: Vec<u8>,
    end: TrailersResult,
) -> (Option<StreamReader<u8>>, FutureReader<TrailersResult>) {
    let (mut writer, contents) = wit_stream::new();
    let (end_writer, trailers) = wit_future::new(|| Ok(None));
    spawn(async move {
        // If one of these fails, the client is gone.
        _ = writer.write_all(bytes).await;
        drop(writer);
        _ = end_writer.write(end).await;
    });
    (Some(contents), trailers)
}

/// A body that begins with bytes that are written at once, and goes on as `rest`.
#[cfg(target_family = "wasm")]
fn stream(beginning: Vec<u8>, mut rest: StreamReader<u8>) -> StreamReader<u8> {
    let (mut writer, reader) = wit_stream::new();
    spawn(async move {
        let mut unwritten = writer.write_all(beginning).await;
        while unwritten.is_empty() {
            let (status, chunk) = rest.read(Vec::with_capacity(MAX_SHORT_BODY)).await;
            if status == StreamResult::Dropped {
                return;
            }
            unwritten = writer.write_all(chunk).await;
        }
    });
    reader
}

/// The end of a client's body, without its trailers: they could carry the guard's own headers.
fn without_trailers(end: FutureReader<TrailersResult>) -> FutureReader<TrailersResult> {
    let (writer, reader) = wit_future::new(|| Ok(None));
    spawn(async move {
        let end = end.await.map(|_| None);
        // If this fails, the application has dropped the request.
        _ = writer.write(end).await;
    });
    reader
}

fn no_trailers() -> FutureReader<TrailersResult> {
    wit_future::new(|| Ok(None)).1
}

/// Converts headers for the host, without those that only hosts may set.
fn fields(headers: &HeaderMap) -> Result<Fields, ErrorCode> {
    Fields::from_list(&for_host(headers))
        .map_err(|error| ErrorCode::InternalError(Some(error.to_string())))
}

fn text(error: ErrorCode) -> String {
    error.to_string()
}

//! WASI 0.3, for Spin 4.1 and later. Bodies are handed on as handles: their bytes do not pass through
//! this component.

use std::pin::pin;

use futures_util::future::{Either, select};
use http::{HeaderMap, Request, Response};
use spin_sdk::http::{IncomingMessage, Response as IncomingResponse};
use spin_sdk::variables;
use spin_sdk::wasip3::http::types::{self, ErrorCode, Fields, HeaderError, Trailers};
use spin_sdk::wasip3::wit_bindgen::{FutureReader, StreamReader, StreamResult};
#[cfg(target_family = "wasm")]
use spin_sdk::wasip3::wit_stream;
use spin_sdk::wasip3::{spawn, wit_future};

use super::{ANSWER_LIMIT, MAX_ANSWER, TIMED_OUT, TOO_LONG};
use crate::settings::Settings;
#[cfg(target_family = "wasm")]
use crate::{Body, MAX_SHORT_BODY};

type TrailersResult = Result<Option<Trailers>, ErrorCode>;

/// A body that has not been read, with its trailers.
pub struct Stream {
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
        let body = Stream::of(body.take_unstarted())?;
        let request = http::Request::from_parts(head, body);
        respond(crate::handle(request).await).await
    }
}

impl Stream {
    fn of<M: IncomingMessage>(message: Option<M>) -> Result<Self, ErrorCode> {
        let message = message.ok_or(ErrorCode::InternalError(None))?;
        // Nobody waits for the result of having read the body.
        let (_, result) = wit_future::new(|| Ok(()));
        let (contents, trailers) = message.consume_body(result);
        Ok(Self { contents, trailers })
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

/// Sends a request without a body and reads the whole response.
///
/// # Errors
/// The reason why there is none, for the log.
pub async fn ask(request: Request<()>) -> Result<Response<Vec<u8>>, String> {
    let answer = pin!(exchange(request));
    let timer = pin!(spin_sdk::time::sleep(ANSWER_LIMIT));
    match select(answer, timer).await {
        Either::Left((answer, _)) => answer,
        Either::Right(_) => Err(TIMED_OUT.to_owned()),
    }
}

async fn exchange(request: Request<()>) -> Result<Response<Vec<u8>>, String> {
    let options = types::RequestOptions::new();
    let limit = u64::try_from(ANSWER_LIMIT.as_nanos()).ok();
    // A host without support for these has the limit of `ask` alone.
    _ = options.set_connect_timeout(limit);
    _ = options.set_first_byte_timeout(limit);
    let request = outgoing(request.map(|()| None), Some(options)).map_err(text)?;
    let response = spin_sdk::http::send(request).await.map_err(text)?;
    let response = with_stream(response).map_err(text)?;
    let (head, body) = response.into_parts();
    let body = read(body.contents, MAX_ANSWER).await;
    let body = body.ok_or_else(|| TOO_LONG.to_owned())?;
    Ok(Response::from_parts(head, body))
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
    spin_sdk::http::next(outgoing(request.map(Some), None)?).await
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
    spin_sdk::http::send(outgoing(request.map(Some), None)?).await
}

fn outgoing(
    request: Request<Option<Stream>>,
    options: Option<types::RequestOptions>,
) -> Result<types::Request, ErrorCode> {
    let (head, body) = request.into_parts();
    let (contents, trailers) = match body {
        Some(body) => (Some(body.contents), without_trailers(body.trailers)),
        None => (None, no_trailers()),
    };
    let headers = fields(&head.headers)?;
    // Nobody waits for the result of having sent the request: the response tells.
    let (request, _) = types::Request::new(headers, contents, trailers, options);
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
    let body = Stream::of(body.take_unstarted())?;
    Ok(Response::from_parts(head, body))
}

/// Converts the response for the host.
#[cfg(target_family = "wasm")]
async fn respond(response: Response<Body>) -> Result<types::Response, ErrorCode> {
    let (mut head, body) = response.into_parts();
    let (contents, trailers) = match body {
        Body::Text(text) => (Some(stream(text.into_bytes(), None)), no_trailers()),
        Body::Short(body) => {
            let (beginning, rest) = gather(body).await;
            if let Rest::End(Ok(None)) = rest {
                super::name_length(&mut head.headers, &beginning);
            }
            match rest {
                // Without contents, because the end of a stream would leave in a packet of its own.
                Rest::End(Ok(None)) if beginning.is_empty() => (None, no_trailers()),
                Rest::End(end) => (Some(stream(beginning, None)), trailers(end)),
                Rest::More(body) => {
                    let contents = stream(beginning, Some(body.contents));
                    (Some(contents), body.trailers)
                }
            }
        }
        Body::Long(body) => (Some(body.contents), body.trailers),
    };
    let headers = fields(&head.headers)?;
    let (response, _) = types::Response::new(headers, contents, trailers);
    let is_set = response.set_status_code(head.status.as_u16());
    is_set.map_err(|()| ErrorCode::HttpProtocolError)?;
    Ok(response)
}

/// What follows the beginning of a body.
#[cfg(target_family = "wasm")]
enum Rest {
    End(TrailersResult),
    More(Stream),
}

/// Reads the beginning of a body, as far as it is short and there soon.
#[cfg(target_family = "wasm")]
async fn gather(mut body: Stream) -> (Vec<u8>, Rest) {
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

/// A body that begins with bytes that are written at once, and goes on as `rest`.
#[cfg(target_family = "wasm")]
fn stream(beginning: Vec<u8>, mut rest: Option<StreamReader<u8>>) -> StreamReader<u8> {
    let (mut writer, reader) = wit_stream::new();
    spawn(async move {
        let mut unwritten = writer.write_all(beginning).await;
        while let Some(rest) = &mut rest
            && unwritten.is_empty()
        {
            let (status, chunk) = rest.read(Vec::with_capacity(MAX_SHORT_BODY)).await;
            if status == StreamResult::Dropped {
                return;
            }
            unwritten = writer.write_all(chunk).await;
        }
    });
    reader
}

/// Reads a body to its end. `None` if it is longer than `limit`, in bytes.
async fn read(mut contents: StreamReader<u8>, limit: usize) -> Option<Vec<u8>> {
    let mut body = Vec::with_capacity(limit + 1);
    while body.len() <= limit {
        let (status, read) = contents.read(body).await;
        body = read;
        if status == StreamResult::Dropped {
            return Some(body);
        }
    }
    None
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

/// Trailers that are known.
#[cfg(target_family = "wasm")]
fn trailers(end: TrailersResult) -> FutureReader<TrailersResult> {
    let (writer, reader) = wit_future::new(|| Ok(None));
    spawn(async move {
        // If this fails, the client is gone.
        _ = writer.write(end).await;
    });
    reader
}

fn no_trailers() -> FutureReader<TrailersResult> {
    wit_future::new(|| Ok(None)).1
}

/// Converts headers for the host, without those that only hosts may set, such as `connection`.
fn fields(headers: &HeaderMap) -> Result<Fields, ErrorCode> {
    let fields = Fields::new();
    for (name, value) in headers {
        match fields.append(name.as_str(), value.as_bytes()) {
            Ok(()) | Err(HeaderError::Forbidden) => {}
            Err(error) => return Err(ErrorCode::InternalError(Some(error.to_string()))),
        }
    }
    Ok(fields)
}

fn text(error: ErrorCode) -> String {
    error.to_string()
}

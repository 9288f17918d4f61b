//! A front end of the accounts service: logs in, stays logged in over a reload, asks the protected
//! route, logs out.

mod api;
mod lock;
mod page;
mod problem;
mod session;
mod storage;
mod view;

use wasm_bindgen::prelude::{JsError, wasm_bindgen};

use crate::page::Page;

/// Brings the page to life; the browser calls it when all is loaded.
///
/// # Errors
/// When the document is not the one that this was written for.
#[wasm_bindgen(start)]
pub fn start() -> Result<(), JsError> {
    // It lives as long as the document does.
    let page: &'static Page = Box::leak(Box::new(Page::find()?));
    page.listen();
    page.resume();
    Ok(())
}

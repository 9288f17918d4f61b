//! A lock that all tabs of this origin share, based on the Web Locks API.

use js_sys::{Array, Function, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::{Closure, wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    /// `navigator.locks.request`: the lock is held from the call of `granted` until the promise
    /// that `granted` returns is settled. Throws if locks are unsupported, as on a page without TLS.
    #[wasm_bindgen(catch, js_namespace = ["navigator", "locks"], js_name = request)]
    fn request(name: &str, granted: &JsValue) -> Result<Promise, JsValue>;
}

/// Holds the lock until it is dropped.
pub struct Lock {
    release: Function,
}

impl Lock {
    /// Waits for the lock called `name`; `None` if the browser does not support locks.
    pub async fn acquire(name: &str) -> Option<Self> {
        let (granted, grant) = promise();
        let (released, release) = promise();
        let on_grant = Closure::once_into_js(move || {
            let _ = grant.call0(&JsValue::NULL);
            released
        });
        let request = request(name, &on_grant).ok()?;
        // The second promise settles first only if the browser denies the lock.
        JsFuture::from(Promise::race(&Array::of2(&granted, &request)))
            .await
            .ok()?;
        Some(Self { release })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.release.call0(&JsValue::NULL);
    }
}

/// A promise and the function that resolves it.
fn promise() -> (Promise, Function) {
    let mut resolver = None;
    let promise = Promise::new(&mut |resolve, _| resolver = Some(resolve));
    (
        promise,
        resolver.expect("Promise calls its executor at once"),
    )
}

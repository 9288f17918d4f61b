//! A lock that all tabs of this origin share, by the browser's Web Locks.

use js_sys::{Array, Function, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::{Closure, wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    /// `navigator.locks.request`: the lock is held from the call of `granted` until the promise
    /// that this returns is settled. Throws where there are no locks, as on a page without TLS.
    #[wasm_bindgen(catch, js_namespace = ["navigator", "locks"], js_name = request)]
    fn request(name: &str, granted: &JsValue) -> Result<Promise, JsValue>;
}

/// Holds the lock until it is dropped.
pub struct Lock {
    release: Function,
}

impl Lock {
    /// Waits for the lock called `name`; nothing where the browser has no locks.
    pub async fn acquire(name: &str) -> Option<Self> {
        let (granted, grant) = promise();
        let (released, release) = promise();
        let on_grant = Closure::once_into_js(move || {
            let _ = grant.call0(&JsValue::NULL);
            released
        });
        let refused = request(name, &on_grant).ok()?;
        // The second one settles first only when the browser refuses the lock.
        JsFuture::from(Promise::race(&Array::of2(&granted, &refused)))
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

/// A promise, and what resolves it.
fn promise() -> (Promise, Function) {
    let mut resolver = None;
    let promise = Promise::new(&mut |resolve, _| resolver = Some(resolve));
    (
        promise,
        resolver.expect("Promise calls its executor at once"),
    )
}

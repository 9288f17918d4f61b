//! The lifecycle of instances: start, reuse and expiration.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use tokio::time::{Sleep, sleep};
use tokio_util::{
    sync::{CancellationToken, WaitForCancellationFutureOwned},
    task::TaskTracker,
};
use wasmtime::{Result, Store, StoreContextMut, component::GuestTaskId};
use wasmtime_wasi_http::{
    WasiHttpView,
    handler::{
        HandlerState, Instance, Proxy, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus,
    },
    p3::bindings::ServicePre,
};

use crate::{
    state::{App, State},
    trace::Call,
};

/// Spin's limit: requests that an instance answers before it is replaced.
const MAX_REUSE: usize = 128;
/// Spin's limit: requests that an instance answers concurrently.
const MAX_CONCURRENT: usize = 16;
/// Spin's limit: how long an instance may be idle before it is dropped.
const IDLE_TIMEOUT: Duration = Duration::from_secs(1);
/// The epoch is never incremented, so no deadline is ever reached.
const NO_DEADLINE: u64 = u64::MAX / 2;

/// Starts instances of the component.
pub(crate) struct Instances {
    pub(crate) app: Arc<App>,
    pub(crate) component: ServicePre<State>,
    /// Cancelled when the host shuts down: idle instances then end at once.
    pub(crate) stopping: CancellationToken,
    /// Counts the live instances.
    pub(crate) alive: TaskTracker,
}

impl HandlerState for Instances {
    type StoreData = State;
    type WorkerExpiration = Expiration;
    type WorkerState = Limits;

    async fn instantiate(&self) -> Result<Instance<State, Expiration, Limits>> {
        let state = State::new(self.app.clone(), self.alive.token());
        let mut store = Store::new(self.component.engine(), state);
        store.set_epoch_deadline(NO_DEADLINE);
        let trace = &store.data().trace;
        if trace.is_on() {
            trace.write(&Call::Instantiate);
            store.set_fuel(u64::MAX)?;
            store.limiter(|state| &mut state.memory);
        }
        let service = self.component.instantiate_async(&mut store).await?;
        Ok(Instance {
            store,
            proxy: Proxy::P3(service),
            view: State::http,
            expiration: Expiration {
                idle: Box::pin(sleep(IDLE_TIMEOUT)),
                stopping: Box::pin(self.stopping.clone().cancelled_owned()),
            },
            state: Limits,
        })
    }
}

/// Ends idle instances. Requests, and the tasks that outlive them, have no time limit.
pub(crate) struct Expiration {
    idle: Pin<Box<Sleep>>,
    stopping: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl WorkerExpiration for Expiration {
    fn poll(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        status: WorkerStatus,
        start: Instant,
    ) -> Poll<()> {
        if status != WorkerStatus::Idle {
            return Poll::Pending;
        }
        let deadline = (start + IDLE_TIMEOUT).into();
        if self.idle.deadline() != deadline {
            self.idle.as_mut().reset(deadline);
        }
        if self.stopping.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        self.idle.as_mut().poll(cx)
    }
}

/// Limits how many requests an instance takes.
pub(crate) struct Limits;

impl WorkerState for Limits {
    type StoreData = State;
    type RequestData = ();

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        if total >= MAX_REUSE {
            ShouldAccept::Never
        } else if concurrent >= MAX_CONCURRENT {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        store: StoreContextMut<'_, State>,
        (): (),
        _: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        // Fuel is only enabled when tracing.
        if let Ok(instructions_left) = store.get_fuel() {
            let State { trace, memory, .. } = store.data();
            let bytes = memory.bytes();
            trace.write(&Call::Handle {
                instructions_left,
                bytes,
            });
        }
        Box::pin(std::future::pending())
    }

    fn drop(&self, _: Store<State>, result: Result<()>) {
        if let Err(err) = result {
            eprintln!("An instance of the component failed: {err:#}");
        }
    }
}

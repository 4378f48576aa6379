//! Starting and stopping.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::connection;
use crate::handle::TenantHandle;
use crate::state::Platform;
use crate::webhook;
use crate::world::{World, WorldError};

/// A running world. It stops when it is dropped or shut down.
pub struct Simulator {
    tenants: BTreeMap<String, Running>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

struct Running {
    address: SocketAddr,
    platform: Arc<Platform>,
}

/// Why a world did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The parts of the world do not go together.
    #[error(transparent)]
    World(#[from] WorldError),
    /// Another program listens there.
    #[error("the tenant \"{tenant}\" cannot listen on {listen}: the port is in use")]
    PortInUse {
        /// The tenant.
        tenant: String,
        /// Where it was to listen.
        listen: SocketAddr,
    },
    /// The system does not let it listen there.
    #[error("the tenant \"{tenant}\" cannot listen on {listen}: {source}")]
    CannotListen {
        /// The tenant.
        tenant: String,
        /// Where it was to listen.
        listen: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}

impl Simulator {
    /// Starts every tenant of a world on its own port, or none.
    pub async fn start(world: World) -> Result<Simulator, StartError> {
        if let Some(detail) = world.complaint() {
            return Err(WorldError::Invalid {
                place: "world".to_owned(),
                detail,
            }
            .into());
        }
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        let mut listeners = Vec::new();
        for tenant in world.tenants {
            let (listener, address) = listen(&tenant.name, tenant.listen).await?;
            let platform = Arc::new(Platform::new(tenant, stop.clone(), tasks.clone()));
            listeners.push((listener, address, platform));
        }
        let mut tenants = BTreeMap::new();
        for (listener, address, platform) in listeners {
            let name = platform.settings.name.clone();
            tracing::info!(tenant = name, %address, "simulating");
            let serve = connection::serve(listener, Arc::clone(&platform));
            tasks.spawn(stop.clone().run_until_cancelled_owned(serve));
            let send = webhook::send(Arc::clone(&platform));
            tasks.spawn(stop.clone().run_until_cancelled_owned(send));
            tenants.insert(name, Running { address, platform });
        }
        tasks.close();
        Ok(Simulator { tenants, stop, tasks })
    }

    /// Returns a tenant's base address, such as `http://127.0.0.1:9100`.
    pub fn url(&self, tenant: &str) -> Option<String> {
        let mut address = self.tenants.get(tenant)?.address;
        if address.ip().is_unspecified() {
            // "All interfaces" is no address to connect to.
            match address {
                SocketAddr::V4(_) => address.set_ip(Ipv4Addr::LOCALHOST.into()),
                SocketAddr::V6(_) => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            }
        }
        Some(format!("http://{address}"))
    }

    /// Returns the control of a tenant.
    pub fn tenant(&self, name: &str) -> Option<TenantHandle> {
        let running = self.tenants.get(name)?;
        Some(TenantHandle::new(Arc::clone(&running.platform)))
    }

    /// Lists the tenants' names in alphabetical order.
    pub fn tenant_names(&self) -> Vec<String> {
        self.tenants.keys().cloned().collect()
    }

    /// Stops listening, drops all connections and waits until both are done.
    pub async fn shutdown(self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }

    /// Waits until nothing runs any more.
    pub async fn stopped(&self) {
        self.tasks.wait().await;
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn listen(tenant: &str, listen: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source: io::Error| {
        let tenant = tenant.to_owned();
        if source.kind() == io::ErrorKind::AddrInUse {
            StartError::PortInUse { tenant, listen }
        } else {
            StartError::CannotListen { tenant, listen, source }
        }
    };
    let listener = TcpListener::bind(listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

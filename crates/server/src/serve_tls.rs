//! TLS by the server itself: a certificate and a key from files, read again when they are renewed.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use sha2::{Digest, Sha256};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// The largest file that is read for a certificate or a key.
const MAX_FILE_BYTES: u64 = 1024 * 1024;
/// How often the files are looked at for a renewed certificate.
const RENEWAL_LOOK: Duration = Duration::from_mins(1);

/// Where the certificate and its key are, both in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, then those that lead to its authority.
    pub certificate_file: PathBuf,
    /// The certificate's private key.
    pub key_file: PathBuf,
}

/// Why TLS cannot be served with these files.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file is far larger than one of its kind.
    #[error("{} is over {MAX_FILE_BYTES} bytes, so it is no certificate or key", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// There is no certificate in the file.
    #[error("{} holds no certificate in PEM", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// There is no private key in the file.
    #[error("{} holds no private key in PEM", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The two are not of each other, or of a kind that is not supported.
    #[error(
        "the certificate in {} and the key in {} do not go together: {source}",
        files.certificate_file.display(),
        files.key_file.display()
    )]
    Mismatch {
        /// The files.
        files: TlsFiles,
        /// What is wrong.
        source: rustls::Error,
    },
}

/// A certificate in force; clones share it, also once it is renewed.
#[derive(Clone)]
pub struct Tls {
    files: TlsFiles,
    look: Duration,
    current: Arc<Current>,
    acceptor: TlsAcceptor,
}

impl fmt::Debug for Tls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Tls")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

impl Tls {
    /// Reads the files and checks that they go together.
    pub fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let loaded = Loaded::read(&files, &provider)?;
        let mismatch = |source| TlsError::Mismatch {
            files: files.clone(),
            source,
        };
        let current = Arc::new(Current(RwLock::new(loaded)));
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(mismatch)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&current) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            files,
            look: RENEWAL_LOOK,
            current,
            acceptor: TlsAcceptor::from(Arc::new(config)),
        })
    }

    /// Looks for renewed files so often instead of every minute.
    #[must_use]
    pub fn looking_every(self, look: Duration) -> Self {
        Self { look, ..self }
    }

    pub(crate) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(stream).await
    }

    /// Takes renewed files over, for ever. What cannot be used is said once, and the old certificate stays.
    pub(crate) async fn renew(self) {
        let mut said = String::new();
        loop {
            tokio::time::sleep(self.look).await;
            let tls = self.clone();
            let Ok(renewed) = tokio::task::spawn_blocking(move || tls.reload()).await else {
                continue;
            };
            match renewed {
                Ok(false) => said.clear(),
                Ok(true) => {
                    said.clear();
                    tracing::info!(file = %self.files.certificate_file.display(), "a renewed certificate is in force");
                }
                // Between the two writes of a renewal the files do not go together; a moment later they do.
                Err(error) => {
                    let text = error.to_string();
                    if text != said {
                        tracing::warn!(%error, "the certificate's files cannot be used; the one before stays in force");
                    }
                    said = text;
                }
            }
        }
    }

    /// Whether other files than before are in force now.
    fn reload(&self) -> Result<bool, TlsError> {
        let loaded = Loaded::read(&self.files, &Arc::new(ring::default_provider()))?;
        if loaded.digest == self.current.get().digest {
            return Ok(false);
        }
        *self.current.0.write().unwrap_or_else(PoisonError::into_inner) = loaded;
        Ok(true)
    }
}

/// A certificate with its key, and which files it came from.
#[derive(Debug, Clone)]
struct Loaded {
    key: Arc<CertifiedKey>,
    digest: [u8; 32],
}

impl Loaded {
    fn read(files: &TlsFiles, provider: &Arc<CryptoProvider>) -> Result<Self, TlsError> {
        let (certificate_pem, key_pem) = (read(&files.certificate_file)?, read(&files.key_file)?);
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&certificate_pem).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty());
        let chain = chain.ok_or_else(|| TlsError::NoCertificate {
            path: files.certificate_file.clone(),
        })?;
        let key = PrivateKeyDer::from_pem_slice(&key_pem).map_err(|_| TlsError::NoKey {
            path: files.key_file.clone(),
        })?;
        let key = CertifiedKey::from_der(chain, key, provider).map_err(|source| TlsError::Mismatch {
            files: files.clone(),
            source,
        })?;
        let digest = Sha256::new()
            .chain_update(&certificate_pem)
            .chain_update(&key_pem)
            .finalize();
        Ok(Self {
            key: Arc::new(key),
            digest: digest.into(),
        })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    let unreadable = |source| TlsError::Unreadable {
        path: path.to_owned(),
        source,
    };
    if std::fs::metadata(path).map_err(unreadable)?.len() > MAX_FILE_BYTES {
        return Err(TlsError::TooLarge { path: path.to_owned() });
    }
    std::fs::read(path).map_err(unreadable)
}

/// The certificate that the next handshake shows.
#[derive(Debug)]
struct Current(RwLock<Loaded>);

impl Current {
    fn get(&self) -> Loaded {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.get().key)
    }
}

//! Mail: the way out that the configuration wants, and the life of the worker that uses it.

use std::sync::Arc;

use anyhow::Context as _;
use stoa_kernel::service::Service;
use stoa_mail::{FileOutbox, Mailer, OutboxPages, Ports, SendGrid, Smtp, Transport};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::certificates;
use crate::config::{Config, WayOut};

/// The post, and the pages that show it to developers.
pub struct Mail {
    /// Takes letters.
    pub post: Arc<Mailer>,
    /// `/dev/mail`, where the operator wants it and letters become files.
    pub services: Vec<Arc<dyn Service>>,
}

/// Makes what the configuration wants. Nothing leaves before [`Mail::start`].
///
/// # Errors
/// When the outbox can't be made, the way out is misconfigured, or the store refuses the queue.
pub async fn open(config: &Config, ports: Ports) -> anyhow::Result<Mail> {
    let mut services: Vec<Arc<dyn Service>> = Vec::new();
    let transport: Arc<dyn Transport> = match config.mail.transport {
        WayOut::File => {
            let outbox = FileOutbox::open(&config.mail_dir()).context("the outbox of mail")?;
            if config.dev.mail {
                services.push(Arc::new(OutboxPages::new(outbox.clone())?));
            }
            Arc::new(outbox)
        }
        WayOut::Smtp => {
            let roots = certificates::read(&config.mail.smtp_ca_file);
            let server = config.mail.smtp(roots.context("mail.smtp_ca_file")?);
            Arc::new(Smtp::new(server).context("mail.smtp_host or mail.smtp_ca_file")?)
        }
        WayOut::Sendgrid => {
            let (url, key) = (&config.mail.sendgrid_url, &config.mail.sendgrid_key);
            Arc::new(SendGrid::new(url, key.expose()).context("mail.sendgrid_url")?)
        }
    };
    let sender = config.mail.from.clone();
    let post = Mailer::open(ports, transport, sender)
        .await
        .context("opening the queue of mail")?;
    Ok(Mail { post, services })
}

impl Mail {
    /// Begins to send.
    pub fn start(&self) -> Worker {
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(Arc::clone(&self.post).run(async {
            // That the sender is gone means the same.
            let _ = stopped.await;
        }));
        Worker { stop, task }
    }
}

/// What sends letters. To be stopped before the store is.
pub struct Worker {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Worker {
    /// Lets the letters on their way arrive, and takes no others.
    pub async fn stop(self) {
        drop(self.stop);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the worker of mail ended by itself");
        }
    }
}

//! The stand-ins on fixed ports, for a host that is started by hand. The shop's side of it is in `config/dev.toml`.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use clap::Parser;
use stoa_kernel::clock::{Clock, Millis};
use stoa_standins::{Address, Razorpay, Stripe, Twilio};

/// Stand-ins of Stripe, Razorpay and Twilio.
#[derive(Parser)]
struct Args {
    /// Where Stripe's is.
    #[arg(long, default_value = "127.0.0.1:12111")]
    stripe: SocketAddr,
    /// Where Razorpay's is.
    #[arg(long, default_value = "127.0.0.1:12112")]
    razorpay: SocketAddr,
    /// Where Twilio's is.
    #[arg(long, default_value = "127.0.0.1:12113")]
    twilio: SocketAddr,
    /// The host that is told what happens.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    host: String,
}

/// What the host has to know; no secrets, because they are here for everybody to read.
const STRIPE_KEY: &str = "sk_test_standin";
const STRIPE_WEBHOOK_SECRET: &str = "whsec_standin";
const RAZORPAY_KEY: (&str, &str) = ("rzp_test_standin", "standin-key-secret");
const RAZORPAY_WEBHOOK_SECRET: &str = "standin-webhook-secret";
const TWILIO_ACCOUNT: (&str, &str) = ("AC00000000000000000000000000000000", "standin-auth-token");

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Millis {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0))
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let clock = Arc::new(SystemClock);
    let stripe = Stripe::start_at(args.stripe, STRIPE_KEY, clock.clone()).await?;
    let razorpay = Razorpay::start_at(args.razorpay, RAZORPAY_KEY, clock.clone()).await?;
    let twilio = Twilio::start_at(args.twilio, TWILIO_ACCOUNT, clock).await?;
    for (post, path, secret) in [
        (
            stripe.post(),
            "payments/webhook/stripe",
            STRIPE_WEBHOOK_SECRET,
        ),
        (stripe.post(), "billing/webhook", STRIPE_WEBHOOK_SECRET),
        (
            razorpay.post(),
            "payments/webhook/razorpay",
            RAZORPAY_WEBHOOK_SECRET,
        ),
    ] {
        post.listen(Address {
            url: format!("{}/api/{path}", args.host),
            secret: secret.into(),
        });
    }
    writeln!(
        io::stdout(),
        "Stripe    {}\nRazorpay  {}\nTwilio    {}\ntelling   {}\nstop      Ctrl-C",
        stripe.url(),
        razorpay.url(),
        twilio.url(),
        args.host
    )?;
    tokio::signal::ctrl_c().await?;
    Ok(())
}

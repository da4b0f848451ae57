//! Who carries text messages in these stories: the only file here that names the stand-in of Twilio.

use std::sync::Arc;

use serde_json::json;
use stoa_standins::twilio::Act;
use stoa_standins::{Mishap, Twilio};
use stoa_testkit::{FakeClock, TestHostBuilder};

use crate::events::until;

/// The operator's account, as both sides know it.
const SID: &str = "AC0123456789abcdef0123456789abcdef";
const TOKEN: &str = "auth-token-stand-in";
/// The number from which test accounts may send.
pub const FROM: &str = "+15005550006";
/// A number that takes whatever comes.
pub const NUMBER: &str = "+15005550010";
/// One to which the service sends nothing, as it is none.
pub const NO_NUMBER: &str = "+15005550001";

/// What a text with a code says behind it.
const OF_A_CODE: &str = " is your code for ";

/// Twilio's stand-in.
pub struct Carrier {
    twilio: Twilio,
}

impl Carrier {
    pub async fn open() -> Self {
        let clock = Arc::new(FakeClock::default());
        let twilio = Twilio::start((SID, TOKEN), clock).await.unwrap();
        Self { twilio }
    }

    /// A host whose operator has told it of the account.
    pub fn next_to(&self, builder: TestHostBuilder) -> TestHostBuilder {
        self.known_to(builder)
            .setting("notifications", "twilio_account_sid", json!(SID))
            .setting("notifications", "sms_from", json!(FROM))
    }

    /// A host that could send texts, and whose operator has not said that it shall.
    pub fn known_to(&self, builder: TestHostBuilder) -> TestHostBuilder {
        builder
            .outbound("notifications", "twilio", &self.twilio.url())
            .secret("notifications", "twilio_user", &[SID])
            .secret("notifications", "twilio_password", &[TOKEN])
    }

    /// The texts that have come to a number.
    pub fn texts(&self, number: &str) -> Vec<String> {
        let messages = self.twilio.messages().into_iter();
        let own = messages.filter(|message| message.to == number);
        own.map(|message| {
            assert_eq!(message.from, FROM);
            message.body
        })
        .collect()
    }

    /// How many texts the service was asked to send, whether or not it did.
    pub fn asked(&self) -> usize {
        self.twilio.asked()
    }

    /// Waits until so many codes have come to a number; the last one's digits.
    pub async fn code(&self, number: &str, which: usize) -> String {
        until("a code has come", async || {
            let texts = self.texts(number);
            let codes = texts.iter().filter_map(|text| text.split_once(OF_A_CODE));
            let codes: Vec<String> = codes.map(|(digits, _)| digits.to_owned()).collect();
            (codes.len() >= which).then(|| codes.last().cloned())?
        })
        .await
    }

    /// The service takes nothing the next two times: once it has too much to do, once it is away.
    pub fn fails_twice(&self) {
        self.twilio.mishap(Mishap::Busy);
        self.twilio.mishap(Mishap::Down);
    }

    /// What is asked for next is done, and its answer is lost.
    pub fn loses_the_next_answer(&self) {
        self.twilio.mishap(Mishap::Lost);
    }

    /// Whose number it is answers STOP.
    pub fn stop(&self, number: &str) {
        let number = number.to_owned();
        let _ = self.twilio.act(&Act::Stop { number }).unwrap();
    }
}

//! Files that were uploaded to this host: `blob:<id>` where else an address stands.

use stoa_guest::blobs;
use stoa_guest::prelude::*;

use crate::check;
use crate::product::Offer;

/// The address of a picture. An uploaded one's id gives way to the address under which everybody sees it.
pub fn picture(field: &str, text: &str) -> Result<String> {
    let Some(id) = blobs::named(text.trim()) else {
        return check::url(field, text);
    };
    let public = blobs::stat(id)?.and_then(|info| info.public_path);
    public.ok_or_else(|| Problem::invalid(field, format!("{field} is no public picture.")))
}

/// A picture that may be absent.
pub fn optional_picture(field: &str, text: Option<&str>) -> Result<Option<String>> {
    text.map(|text| picture(field, text)).transpose()
}

/// Where the file is that is sold. An uploaded one's id stays: who hands it to buyers makes a link.
pub fn optional_download(field: &str, text: Option<&str>) -> Result<Option<String>> {
    match text.map(str::trim) {
        Some(text) if blobs::named(text).is_some() => {
            check::line(field, text, check::LABEL_CHARS_MAX)
        }
        Some(text) => check::url(field, text),
        None => return Ok(None),
    }
    .map(Some)
}

/// Lets nobody sell a file that somebody else has uploaded. Whatever stood there before may stay.
pub fn check_sold(caller: &Caller, offer: &Offer, before: Option<&Offer>) -> Result<()> {
    let Some(sold) = sold(offer) else {
        return Ok(());
    };
    if before.and_then(self::sold) == Some(sold) {
        return Ok(());
    }
    let found = blobs::stat(sold)?;
    if found.is_some_and(|info| caller.is_admin() || info.owner.as_ref() == Some(&caller.id)) {
        return Ok(());
    }
    let field = "files.downloadUrl";
    Err(Problem::invalid(field, "There is no such file of yours."))
}

fn sold(offer: &Offer) -> Option<&str> {
    let url = offer.files.as_ref()?.download_url.as_deref()?;
    blobs::named(url)
}

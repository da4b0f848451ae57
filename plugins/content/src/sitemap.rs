//! The site map: every public page, for search engines.

use stoa_guest::prelude::*;
use stoa_guest::storage;

use crate::article::{LISTED, Shelf, Status};
use crate::job::{self, JOBS, JobStatus};
use crate::{caching, job_view, view, xml};

/// Pages of each kind, the latest ones: together within the 50,000 that one site map may have, and within the
/// bytes of an answer.
const PAGES_MAX: usize = 3_000;

/// Documents that are asked for at once.
const BATCH: u32 = 200;

pub fn sitemap(caller: Caller) -> Result<Response> {
    let mut pages = Vec::new();
    for shelf in Shelf::ALL {
        let published = eq("status", Status::Published.word());
        let texts = shelf.texts();
        let found = all(|| {
            texts
                .query()
                .filter(published.clone())
                .sort_desc("orderedAt")
                .fields(LISTED)
        })?;
        let listed = found.into_iter().filter(|article| !article.seo.no_index);
        pages.extend(listed.map(|article| (view::page(shelf, &article), article.updated_at)));
    }
    let open = eq("status", JobStatus::Open.word());
    let found = all(|| {
        JOBS.query()
            .filter(open.clone())
            .sort_desc("createdAt")
            .fields(job::LISTED)
    })?;
    pages.extend(
        found
            .into_iter()
            .map(|job| (job_view::page(&job), job.updated_at)),
    );

    let space = [("xmlns", "http://www.sitemaps.org/schemas/sitemap/0.9")];
    let body = xml::document("urlset", &space, |set| {
        pages.iter().try_for_each(|(address, updated_at)| {
            let url = set.create_element("url");
            url.write_inner_content(|url| {
                xml::element(url, "loc", address)?;
                xml::element(url, "lastmod", &clock::rfc3339(*updated_at))
            })?;
            Ok(())
        })
    })?;
    let answer = xml::answer("application/xml; charset=utf-8", body);
    caching::marked(&caller, answer)
}

/// The first documents of a query, batch by batch.
fn all<T: serde::de::DeserializeOwned>(query: impl Fn() -> storage::Query<T>) -> Result<Vec<T>> {
    let (mut found, mut cursor) = (Vec::new(), None);
    while found.len() < PAGES_MAX {
        let page = query().limit(BATCH).cursor(cursor).run()?;
        found.extend(page.items.into_iter().map(|stored| stored.value));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    Ok(found)
}

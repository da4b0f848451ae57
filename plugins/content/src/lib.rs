//! What a site says: its blog, help articles, tutorials and jobs, and who applies for them.

mod application;
mod applications;
mod article;
mod articles;
mod authors;
mod caching;
mod check;
mod cv;
mod feed;
mod job;
mod job_view;
mod job_write;
mod jobs;
mod listing;
mod markdown;
mod personal;
mod publishing;
mod seo;
mod site;
mod sitemap;
mod slugs;
#[cfg(test)]
mod tests;
mod view;
mod write;
mod xml;

use stoa_guest::prelude::*;

use crate::applications::{
    apply, change_application, delete_application, get_application, get_cv, list_applications,
    on_lapsed,
};
use crate::article::Shelf;
use crate::feed::feed;
use crate::jobs::{change_job, create_job, delete_job, get_job, list_jobs, on_job_due};
use crate::listing::{ArticleQuery, CategoryQuery};
use crate::personal::{adopt, forget, personal_data};
use crate::publishing::on_due;
use crate::sitemap::sitemap;
use crate::view::ArticleView;
use crate::write::NewArticle;

stoa_guest::plugin!("plugin.toml");

/// The handlers of a shelf of texts: they do the same, each on its own.
macro_rules! shelf {
    ($shelf:expr, $list:ident, $get:ident, $create:ident, $change:ident, $delete:ident) => {
        fn $list(caller: Caller, Query(query): Query<ArticleQuery>) -> Result<Response> {
            listing::list($shelf, &caller, &query)
        }

        fn $get(caller: Caller, Path(name): Path<String>) -> Result<Response> {
            articles::read($shelf, &caller, &name)
        }

        fn $create(
            caller: Caller,
            Json(new): Json<NewArticle>,
        ) -> Result<Created<Json<ArticleView>>> {
            articles::create($shelf, &caller, &new)
        }

        fn $change(
            caller: Caller,
            Path(id): Path<String>,
            request: Request,
        ) -> Result<Json<ArticleView>> {
            articles::change($shelf, &caller, id, request)
        }

        fn $delete(Path(id): Path<String>) -> Result<NoContent> {
            articles::remove($shelf, &id)
        }
    };
}

shelf!(
    Shelf::Blog,
    list_posts,
    get_post,
    create_post,
    change_post,
    delete_post
);
shelf!(
    Shelf::Help,
    list_help,
    get_help,
    create_help,
    change_help,
    delete_help
);
shelf!(
    Shelf::Tutorials,
    list_tutorials,
    get_tutorial,
    create_tutorial,
    change_tutorial,
    delete_tutorial
);

fn list_categories(caller: Caller, Query(query): Query<CategoryQuery>) -> Result<Response> {
    listing::categories(&caller, query.of.unwrap_or(Shelf::Blog))
}

//! Texts of any shelf: reading, adding, changing, removing them.

use stoa_guest::prelude::*;

use crate::article::{Article, Shelf};
use crate::view::{ArticleView, AuthorView};
use crate::write::NewArticle;
use crate::{authors, caching, publishing, slugs};

/// One text by its slug, one that it had, or its id.
pub fn read(shelf: Shelf, caller: &Caller, name: &str) -> Result<Response> {
    let (id, article) = find(shelf, name)?
        .filter(|(_, article)| article.is_seen_by(caller))
        .ok_or_else(|| missing(shelf))?;
    if article.slugs.had(name) {
        return Ok(article.slugs.moved(shelf.word()));
    }
    caching::marked(caller, Json(shown(shelf, id, article, caller)?))
}

/// Adds a text.
pub fn create(
    shelf: Shelf,
    caller: &Caller,
    new: &NewArticle,
) -> Result<Created<Json<ArticleView>>> {
    let id = random::ulid();
    let slugs = slugs::take(shelf.word(), &id, new.slug.as_deref(), &new.title)?;
    let article = new.article(caller, slugs, None)?;
    shelf.texts().create(&id, &article)?;
    publishing::announce(shelf, &id, None, &article)?;
    Ok(Created(Json(shown(shelf, id, article, caller)?)))
}

/// Changes members of a text.
pub fn change(
    shelf: Shelf,
    caller: &Caller,
    id: String,
    request: Request,
) -> Result<Json<ArticleView>> {
    let before = shelf.texts().get(&id)?.ok_or_else(|| missing(shelf))?;
    let read = shown(shelf, id.clone(), before.clone(), caller)?;
    let new = NewArticle::of(&before).changed(&read, &request)?;
    let slugs = match &new.slug {
        Some(asked) => slugs::change(shelf.word(), &id, before.slugs.clone(), asked)?,
        None => before.slugs.clone(),
    };
    let after = new.article(caller, slugs, Some(&before))?;
    shelf.texts().put(&id, &after)?;
    publishing::announce(shelf, &id, Some(before.status), &after)?;
    shown(shelf, id, after, caller).map(Json)
}

/// Removes a text, and frees its slugs.
pub fn remove(shelf: Shelf, id: &str) -> Result<NoContent> {
    let article = shelf.texts().get(id)?.ok_or_else(|| missing(shelf))?;
    slugs::free(shelf.word(), &article.slugs)?;
    shelf.texts().delete(id)?;
    Ok(NoContent)
}

fn find(shelf: Shelf, name: &str) -> Result<Option<(String, Article)>> {
    let id = slugs::find(shelf.word(), name)?.unwrap_or_else(|| name.to_owned());
    if !is_id(&id) {
        return Ok(None);
    }
    let article = shelf.texts().get(&id)?;
    Ok(article.map(|article| (id, article)))
}

/// Whether a text can be an id: a ULID's characters.
pub fn is_id(text: &str) -> bool {
    text.len() == 26 && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn shown(shelf: Shelf, id: String, article: Article, caller: &Caller) -> Result<ArticleView> {
    let name = authors::name(&article.author_id)?;
    let author = AuthorView::of(&article, name);
    Ok(ArticleView::of(
        shelf,
        id,
        article,
        author,
        caller.is_admin(),
    ))
}

fn missing(shelf: Shelf) -> Problem {
    Problem::not_found(shelf.noun())
}

//! The guest's allocator: an arena that bumps through memory and is thrown away with the instance.
//!
//! An instance lives for one request, so freeing is wasted work; only the latest allocation can be
//! returned or grown in place, which is what a growing `Vec` or `String` does.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::ptr;

/// Bytes of a WebAssembly page.
const PAGE_BYTES: usize = 65_536;

/// Pages by which memory grows at least: growing costs the host two system calls.
const GROW_PAGES_MIN: usize = 16;

struct Arena {
    next: Cell<usize>,
    end: Cell<usize>,
}

// SAFETY: a guest has one thread.
#[expect(unsafe_code, reason = "a global has to be Sync")]
unsafe impl Sync for Arena {}

#[global_allocator]
static ARENA: Arena = Arena {
    next: Cell::new(0),
    end: Cell::new(0),
};

#[expect(unsafe_code, reason = "the linker's symbol; only its address is taken")]
unsafe extern "C" {
    /// Where the linker's own data ends: from here to the end of the initial memory all is free.
    static __heap_base: u8;
}

impl Arena {
    fn begin(&self) {
        self.next.set((&raw const __heap_base) as usize);
        self.end
            .set(core::arch::wasm32::memory_size(0) * PAGE_BYTES);
    }

    /// Makes memory reach to `needed`; false if the host refuses.
    fn reach(&self, needed: usize) -> bool {
        let missing = needed.saturating_sub(self.end.get()).div_ceil(PAGE_BYTES);
        for pages in [missing.max(GROW_PAGES_MIN), missing] {
            let before = core::arch::wasm32::memory_grow(0, pages);
            if before != usize::MAX {
                // Somebody else may have grown memory meanwhile: what lies between is lost, not shared.
                if before * PAGE_BYTES != self.end.get() {
                    self.next.set(before * PAGE_BYTES);
                }
                self.end.set((before + pages) * PAGE_BYTES);
                return true;
            }
        }
        false
    }
}

#[expect(unsafe_code, reason = "allocators are")]
// SAFETY: blocks are cut from free memory one after the other and never overlap; each is aligned and
// inside of memory; only the latest block is ever taken back.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if self.end.get() == 0 {
            self.begin();
        }
        loop {
            let start = self.next.get().next_multiple_of(layout.align());
            let Some(end) = start.checked_add(layout.size()) else {
                return ptr::null_mut();
            };
            if end <= self.end.get() {
                self.next.set(end);
                return start as *mut u8;
            }
            if !self.reach(end) {
                return ptr::null_mut();
            }
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if block as usize + layout.size() == self.next.get() {
            self.next.set(block as usize);
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let start = block as usize;
        if start + layout.size() == self.next.get()
            && let Some(end) = start.checked_add(size)
            && (end <= self.end.get() || self.reach(end))
            && self.next.get() == start + layout.size()
        {
            self.next.set(end);
            return block;
        }
        if size <= layout.size() {
            return block;
        }
        // SAFETY: the new block is at least as long as the old one and does not overlap it.
        unsafe {
            let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !new.is_null() {
                ptr::copy_nonoverlapping(block, new, layout.size());
            }
            new
        }
    }
}

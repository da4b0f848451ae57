;; H03: the allocator that the host calls to hand over the request never ends.
;; without: realloc
;; expect: plugin-timeout
(func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
  (loop $again (br $again))
  (unreachable))
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (global.get $fine))

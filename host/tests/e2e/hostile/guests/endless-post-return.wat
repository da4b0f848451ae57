;; H04: what is called to clean up after the answer never ends.
;; expect: plugin-timeout
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (global.get $fine))
(func (export "cabi_post_stoa:http/handler@0.1.0#handle") (param i32)
  (loop $again (br $again)))

;; H23: takes a handle to one kind of thing for one to another.
;; imports: wasi:io/poll@0.2.3
;; exports: test:hostile/things@0.1.0
;; expect: plugin-trap
(import "[export]test:hostile/things@0.1.0" "[resource-new]thing" (func $new (param i32) (result i32)))
(import "wasi:io/poll@0.2.3" "[method]pollable.block" (func $block (param i32)))
(func (export "test:hostile/things@0.1.0#[dtor]thing") (param i32))
(func (export "stoa:http/handler@0.1.0#handle") (param i32) (result i32)
  (call $block (call $new (i32.const 1)))
  (global.get $fine))

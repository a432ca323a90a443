;; A checker that makes handles of a resource of its own in each check, without end, and gives none back. By hand, because
;; the contract has no resources, so that the SDK has none, either. `.ci/examples` makes the component.
(module
  (import "[export]test:leak/things" "[resource-new]thing" (func $new (param i32) (result i32)))
  (memory (export "memory") 1)

  ;; The manifest: name, version, description, settings, kinds, needs, each as (address, length).
  (data (i32.const 16) "\50\00\00\00\0f\00\00\00\60\00\00\00\05\00\00\00")
  (data (i32.const 80) "leaking-checker")
  (data (i32.const 96) "1.0.0")
  ;; What it answers where nothing is to be said, `ok` or `none`: zeros.
  (global $nothing i32 (i32.const 128))
  ;; What it is given is put here, one after the other.
  (global $free (mut i32) (i32.const 256))

  (func (export "cabi_realloc") (param $old i32) (param $had i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at
      (i32.and (i32.add (global.get $free) (i32.sub (local.get $align) (i32.const 1)))
               (i32.sub (i32.const 0) (local.get $align))))
    (global.set $free (i32.add (local.get $at) (local.get $size)))
    (block $there
      (loop $more
        (br_if $there (i32.le_u (global.get $free) (i32.mul (memory.size) (i32.const 65536))))
        (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))
        (unreachable)))
    (local.get $at))

  (func (export "keepwatch:plugin/lifecycle@1.0.0#describe") (result i32) (i32.const 16))
  (func (export "keepwatch:plugin/lifecycle@1.0.0#init") (param i32 i32 i32 i32 i32) (result i32) (global.get $nothing))
  (func (export "keepwatch:plugin/lifecycle@1.0.0#sync") (param i64 i64 i64 i32 i32 i32 i32 i32 i32))
  (func (export "keepwatch:plugin/lifecycle@1.0.0#save") (result i32) (global.get $nothing))
  (func (export "keepwatch:plugin/lifecycle@1.0.0#stop") (param i32 i32))

  (func (export "keepwatch:plugin/checker@1.0.0#check") (param i32 i32 i32) (result i32)
    (loop $again (drop (call $new (i32.const 1))) (br $again))
    (unreachable)))

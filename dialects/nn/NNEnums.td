// The nn dialect's enumerations, which the kernel dialect shares.
#ifndef NN_ENUMS
#define NN_ENUMS
include "mlir/IR/EnumAttr.td"

def NN_ReduceKind : I32EnumAttr<"ReduceKind", "how a reduction combines", [
  I32EnumAttrCase<"sum", 0>, I32EnumAttrCase<"prod", 1>, I32EnumAttrCase<"min", 2>, I32EnumAttrCase<"max", 3>]> {
  let cppNamespace = "::nncc::nn";
}
def NN_PoolKind : I32EnumAttr<"PoolKind", "what a pool takes of its window", [
  I32EnumAttrCase<"max", 0>, I32EnumAttrCase<"average", 1>, I32EnumAttrCase<"lp", 2>]> {
  let cppNamespace = "::nncc::nn";
}
def NN_CellKind : I32EnumAttr<"CellKind", "a recurrent cell", [
  I32EnumAttrCase<"rnn", 0>, I32EnumAttrCase<"gru", 1>, I32EnumAttrCase<"lstm", 2>]> {
  let cppNamespace = "::nncc::nn";
}
def NN_Direction : I32EnumAttr<"Direction", "the order in which a recurrent layer takes its steps", [
  I32EnumAttrCase<"forward", 0>, I32EnumAttrCase<"reverse", 1>, I32EnumAttrCase<"bidirectional", 2>]> {
  let cppNamespace = "::nncc::nn";
}
def NN_ScatterKind : I32EnumAttr<"ScatterKind", "how an update combines with the element that it meets", [
  I32EnumAttrCase<"none", 0>, I32EnumAttrCase<"add", 1>, I32EnumAttrCase<"mul", 2>, I32EnumAttrCase<"max", 3>,
  I32EnumAttrCase<"min", 4>]> {
  let cppNamespace = "::nncc::nn";
}
#endif

// Einsum: operands are joined from left to right. What a step doesn't need is summed away first, and what remains of a
// pair is one matrix product.
#include "compiler/import/Reduce.h"
using namespace mlir;

namespace nncc {

namespace {
/// A tensor with a name for each of its dimensions: letters, and from 256 on the dimensions of an ellipsis.
struct Term {
  Value value;
  SmallVector<int> names;
};

class Einsum {
public:
  explicit Einsum(Node &node) : node(node) {}
  LogicalResult run();

private:
  FailureOr<SmallVector<int>> parseTerm(StringRef text, int64_t ellipsis);
  LogicalResult parse();
  LogicalResult bindExtents();
  int64_t extent(int name) const { return extents.lookup(name); }
  Term takeDiagonals(Term term);
  Term sumAllBut(Term term, ArrayRef<int> kept);
  Term arrange(const Term &term, ArrayRef<int> names);
  Term join(const Term &x, const Term &y, ArrayRef<int> kept);
  SmallVector<int64_t> shapeOf(ArrayRef<int> names) const {
    return llvm::map_to_vector(names, [&](int name) { return extent(name); });
  }

  Node &node;
  SmallVector<Term> terms;
  SmallVector<int> result;
  llvm::DenseMap<int, int64_t> extents;
};
} // namespace

constexpr int ellipsisName = 256;

/// `ellipsis`: how many dimensions "..." stands for here; the last of them is named alike in every term.
FailureOr<SmallVector<int>> Einsum::parseTerm(StringRef text, int64_t ellipsis) {
  SmallVector<int> names;
  bool seen = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("...") && !seen) {
      for (int64_t d = ellipsis; d > 0; --d)
        names.push_back(ellipsisName + int(d));
      seen = true;
      i += 2;
    } else if (llvm::isAlpha(text[i])) {
      names.push_back(text[i]);
    } else {
      return node.error() << "expected letters and one ellipsis in the equation, found " << quoted(text);
    }
  }
  return names;
}

LogicalResult Einsum::parse() {
  std::string equation = node.string("equation", "").str();
  llvm::erase(equation, ' ');
  auto [left, right] = StringRef(equation).split("->");
  SmallVector<StringRef> texts;
  left.split(texts, ',');
  if (texts.size() != node.allOperands().size() || llvm::is_contained(node.allOperands(), Value()))
    return node.error() << "expected a term for each of " << node.allOperands().size() << " inputs in the equation "
                        << quoted(equation);
  int64_t widest = 0;
  for (auto [text, operand] : llvm::zip(texts, node.allOperands())) {
    int64_t rank = Node::typeOf(operand).getRank();
    int64_t ellipsis = text.contains("...") ? rank - int64_t(text.size()) + 3 : 0;
    FailureOr<SmallVector<int>> names = parseTerm(text, std::max<int64_t>(ellipsis, 0));
    if (failed(names))
      return failure();
    if (int64_t(names->size()) != rank || ellipsis < 0)
      return node.error() << "expected " << rank << " dimensions in the term " << quoted(text);
    widest = std::max(widest, ellipsis);
    terms.push_back({operand, *names});
  }
  if (StringRef(equation).contains("->")) {
    FailureOr<SmallVector<int>> names = parseTerm(right, widest);
    if (failed(names))
      return failure();
    result = *names;
    return success();
  }
  // Without an output term: the ellipsis, then every letter that occurs once, in alphabetical order.
  for (int64_t d = widest; d > 0; --d)
    result.push_back(ellipsisName + int(d));
  for (int name = 0; name < 128; ++name)
    if (llvm::isAlpha(char(name)) && left.count(char(name)) == 1)
      result.push_back(name);
  return success();
}

/// One extent for each name; dimensions of 1 broadcast.
LogicalResult Einsum::bindExtents() {
  for (Term &term : terms)
    for (auto [name, size] : llvm::zip(term.names, Node::typeOf(term.value).getShape())) {
      auto [entry, inserted] = extents.try_emplace(name, size);
      if (!inserted && entry->second != size && entry->second != 1 && size != 1)
        return node.error() << "expected equal extents for a name of the equation, found " << entry->second << " and "
                            << size;
      if (entry->second == 1)
        entry->second = size;
    }
  llvm::DenseSet<int> once;
  for (int name : result)
    if (!extents.contains(name) || !once.insert(name).second)
      return node.error() << "expected each name of the equation's result once, and in a term";
  for (Term &term : terms)
    term.value = node.broadcast(term.value, shapeOf(term.names));
  return success();
}

/// A name that occurs twice: what lies off the diagonal becomes 0 and is summed away.
Term Einsum::takeDiagonals(Term term) {
  for (size_t i = 0; i < term.names.size(); ++i)
    for (size_t j = term.names.size() - 1; j > i && !node.isBroken(); --j) {
      if (term.names[i] != term.names[j])
        continue;
      RankedTensorType type = Node::typeOf(term.value);
      SmallVector<int64_t> row(type.getRank(), 1), column(type.getRank(), 1);
      row[i] = column[j] = type.getDimSize(unsigned(i));
      Type i64 = node.signed64();
      Value keep = node.build<nn::EqualOp>({node.iota(i64, row, int64_t(i)), node.iota(i64, column, int64_t(j))});
      Value kept = node.build<nn::WhereOp>({keep, term.value, node.scalar(type.getElementType(), 0)});
      Value sum = reduce(node, nn::ReduceKind::sum, kept, int64_t(j));
      SmallVector<int64_t> shape(type.getShape());
      shape.erase(shape.begin() + j);
      term.names.erase(term.names.begin() + j);
      term.value = node.reshape(sum, shape);
    }
  return term;
}

Term Einsum::sumAllBut(Term term, ArrayRef<int> kept) {
  SmallVector<int64_t> axes;
  SmallVector<int> names;
  for (auto [axis, name] : llvm::enumerate(term.names))
    if (llvm::is_contained(kept, name))
      names.push_back(name);
    else
      axes.push_back(int64_t(axis));
  if (axes.empty())
    return term;
  return {node.reshape(reduce(node, nn::ReduceKind::sum, term.value, axes), shapeOf(names)), names};
}

/// The term with its dimensions in the order of `names`, all of which it has.
Term Einsum::arrange(const Term &term, ArrayRef<int> names) {
  SmallVector<int64_t> perm;
  for (int name : names)
    perm.push_back(llvm::find(term.names, name) - term.names.begin());
  return {node.transpose(term.value, perm), SmallVector<int>(names)};
}

Term Einsum::join(const Term &x, const Term &y, ArrayRef<int> kept) {
  SmallVector<int> batch, rows, columns, summed;
  for (int name : x.names) {
    bool shared = llvm::is_contained(y.names, name);
    (!shared ? rows : llvm::is_contained(kept, name) ? batch : summed).push_back(name);
  }
  for (int name : y.names)
    if (!llvm::is_contained(x.names, name))
      columns.push_back(name);
  auto order = [](ArrayRef<int> a, ArrayRef<int> b, ArrayRef<int> c) {
    SmallVector<int> all(a);
    llvm::append_range(all, b);
    llvm::append_range(all, c);
    return all;
  };
  auto product = [&](ArrayRef<int> names) {
    int64_t size = 1;
    for (int name : names)
      size *= extent(name);
    return size;
  };
  SmallVector<int> names = order(batch, rows, columns);
  Value left = arrange(x, order(batch, rows, summed)).value, right = arrange(y, order(batch, summed, columns)).value;
  left = node.reshape(left, {product(batch), product(rows), product(summed)});
  right = node.reshape(right, {product(batch), product(summed), product(columns)});
  Value joined = node.build<nn::MatmulOp>({left, right}, [](auto &) {});
  return {node.reshape(joined, shapeOf(names)), names};
}

LogicalResult Einsum::run() {
  if (failed(parse()) || failed(bindExtents()))
    return failure();
  Term joined;
  for (size_t i = 0; i < terms.size() && !node.isBroken(); ++i) {
    // What later terms or the result need stays.
    SmallVector<int> later(result);
    for (const Term &term : ArrayRef(terms).drop_front(i + 1))
      llvm::append_range(later, term.names);
    SmallVector<int> kept(later);
    llvm::append_range(kept, joined.names);
    Term term = sumAllBut(takeDiagonals(terms[i]), kept);
    if (i == 0) {
      joined = term;
      continue;
    }
    kept = later;
    llvm::append_range(kept, term.names);
    joined = join(sumAllBut(joined, kept), term, later);
  }
  if (node.isBroken())
    return failure();
  return node.results(arrange(sumAllBut(joined, result), result).value);
}

LogicalResult importEinsum(Node &node) { return Einsum(node).run(); }

} // namespace nncc

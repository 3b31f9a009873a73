// The one table of register tiles: instruction set and op -> rows x vectors. A tile of R x V keeps R * V accumulators, V
// vectors of weights and one broadcast value in registers: R * V + V + 1 of them. The row with the most lanes, then
// registers, that the target has wins; those with the fewest serve any target that LLVM knows.
include "llvm/TableGen/SearchableTable.td"

def TileOp : GenericEnum {
  let FilterClass = "TileOpValue";
  let NameField = "Name";
  let ValueField = "Value";
}
class TileOpValue<bits<8> value> {
  string Name = NAME;
  bits<8> Value = value;
}
def Product : TileOpValue<0>;   // matrix products and convolutions; extents: vectors of columns
def Stem : TileOpValue<1>;      // convolutions of at most four input channels; likewise
def Depthwise : TileOpValue<2>; // vectors are rows of pixels here, rows are pixels; extents: taps of the window

class Tile<TileOpValue op, bits<8> lanes, bits<8> registers, bits<16> extent, bits<8> rows, bits<8> vectors> {
  TileOpValue Op = op;
  bits<8> Lanes = lanes;         // at least
  bits<8> Registers = registers; // at least
  bits<16> Extent = extent;      // at most
  bits<8> Rows = rows;           // at most; fewer where that cuts the extent into equal parts
  bits<8> Vectors = vectors;
}
def Tiles : GenericTable {
  let FilterClass = "Tile";
  let CppTypeName = "TileRow";
  let Fields = ["Op", "Lanes", "Registers", "Extent", "Rows", "Vectors"];
  string TypeOf_Op = "TileOp";
}

// AVX-512
def : Tile<Product, 16, 32, 1, 12, 1>;
def : Tile<Product, 16, 32, 2, 8, 2>;
def : Tile<Product, 16, 32, 65535, 8, 3>;
def : Tile<Stem, 16, 32, 1, 8, 1>;
def : Tile<Stem, 16, 32, 2, 8, 2>;
def : Tile<Stem, 16, 32, 3, 7, 3>;
def : Tile<Stem, 16, 32, 65535, 4, 4>;
def : Tile<Depthwise, 16, 32, 9, 7, 2>;
def : Tile<Depthwise, 16, 32, 25, 5, 1>;
def : Tile<Depthwise, 16, 32, 65535, 7, 1>;

// AVX2
def : Tile<Product, 8, 16, 1, 10, 1>;
def : Tile<Product, 8, 16, 65535, 6, 2>;
def : Tile<Stem, 8, 16, 1, 8, 1>;
def : Tile<Stem, 8, 16, 65535, 4, 2>;
def : Tile<Depthwise, 8, 16, 9, 5, 1>;
def : Tile<Depthwise, 8, 16, 65535, 6, 1>;

// SSE2 and any other target of few registers; a product takes one more, as it isn't fused with the sum
def : Tile<Product, 1, 1, 1, 6, 1>;
def : Tile<Product, 1, 1, 65535, 4, 2>;
def : Tile<Stem, 1, 1, 1, 6, 1>;
def : Tile<Stem, 1, 1, 65535, 4, 2>;
def : Tile<Depthwise, 1, 1, 65535, 4, 1>;

// 32 registers of any length, as AArch64 has
def : Tile<Product, 1, 32, 1, 12, 1>;
def : Tile<Product, 1, 32, 2, 8, 2>;
def : Tile<Product, 1, 32, 65535, 8, 3>;
def : Tile<Stem, 1, 32, 1, 8, 1>;
def : Tile<Stem, 1, 32, 2, 8, 2>;
def : Tile<Stem, 1, 32, 65535, 7, 3>;
def : Tile<Depthwise, 1, 32, 9, 7, 2>;
def : Tile<Depthwise, 1, 32, 65535, 7, 1>;

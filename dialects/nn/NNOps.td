// The nn dialect's ops, by family.
#ifndef NN_OPS
#define NN_OPS
include "dialects/nn/NNBase.td"
include "dialects/nn/NNContractions.td"
include "dialects/nn/NNElementwise.td"
include "dialects/nn/NNMovement.td"
include "dialects/nn/NNReductions.td"
#endif

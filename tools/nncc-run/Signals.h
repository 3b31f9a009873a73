// A model's code that crashes ends nncc-run with its exit code for internal errors and a line that says so.
#pragma once

namespace nncc::run {

void handleSignals();

} // namespace nncc::run

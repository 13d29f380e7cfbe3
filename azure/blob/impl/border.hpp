// The room's public calls: here errors get their context, once.
// Tested by tests/unit/azure/blob/send_test.cpp.
#pragma once

#include "async/error.hpp"
#include "azure/blob/metadata.hpp"
#include "azure/blob/request.hpp"

#include <string_view>
#include <utility>

namespace azure {

// To be called in a handler: rethrows, in front of an async::error's message what was being done, behind it
// the request ids by which the service's people find the request. Those come last and only now, for they
// differ with each try and a summary of tries counts equal messages.
[[noreturn]] void rethrow_with_context(std::string_view doing);

template <typename Function>
auto at_border(std::string_view doing, Function function) {
    try {
        return function();
    } catch (...) {
        rethrow_with_context(doing);
    }
}

inline void set_metadata_at_border(std::string_view doing, request& target, const metadata& values) {
    at_border(doing, [&] { set_metadata(target, values); });
}

} // namespace azure

#include "azure/blob/impl/border.hpp"

#include "azure/blob/error.hpp"

#include <fmt/format.h>

namespace azure {

void rethrow_with_context(std::string_view doing) {
    try {
        throw;
    } catch (storage_error& failed) {
        if (!failed.request_id().empty())
            failed.set_message(fmt::format("{} (request id {})", failed.message(), failed.request_id()));
        failed.add_context(doing);
        throw;
    } catch (async::error& failed) {
        failed.add_context(doing);
        throw;
    }
}

} // namespace azure

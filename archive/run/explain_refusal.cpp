#include "archive/run/explain_refusal.hpp"

#include "async/error.hpp"
#include "azure/blob/error.hpp"
#include "lake/folder/treatment.hpp"

#include <chrono>
#include <optional>

namespace archive {

namespace {

// The answer by which the service says that a blob, as it is, cannot be written to or read.
std::optional<azure::storage_error> forbidden_by_blob(const std::exception_ptr& failed) {
    try {
        std::rethrow_exception(failed);
    } catch (const azure::storage_error& error) {
        return error.blob_forbids() && !error.blob().empty() ? std::optional(error) : std::nullopt;
    } catch (...) {
        return std::nullopt;
    }
}

} // namespace

awaitable<std::exception_ptr> explained(lake::folder& folder, std::exception_ptr failed) {
    const auto answer = forbidden_by_blob(failed);
    if (!answer)
        co_return failed;
    std::optional<lake::listed_file> now;
    try {
        now = co_await folder.look(answer->blob());
    } catch (const async::error&) {
        now.reset(); // the first answer says enough
    }
    if (!now)
        co_return failed;
    const auto clock = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    auto found = lake::obstacle_of(now->properties, folder.where(), clock);
    if (!found)
        found = lake::refusal_for(answer->service_code(), now->properties);
    co_return found ? std::make_exception_ptr(lake::refused(answer->blob(), "written to", *found)) : failed;
}

} // namespace archive

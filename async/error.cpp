#include "async/error.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

namespace async {

std::string_view to_string(failure kind) noexcept {
    switch (kind) {
    case failure::unclassified:
        return "unclassified";
    case failure::usage:
        return "usage";
    case failure::precondition:
        return "precondition";
    case failure::refused:
        return "refused";
    case failure::temporary:
        return "temporary";
    case failure::integrity:
        return "integrity";
    case failure::locked:
        return "locked";
    case failure::internal:
        return "internal";
    }
    return "unclassified";
}

error::error(failure kind, std::string message, std::string hint)
    : message_(std::move(message))
    , hint_(std::move(hint))
    , kind_(kind) {}

void error::add_context(std::string_view doing) {
    message_.insert(0, ": ");
    message_.insert(0, doing);
}

bool is_cancellation(const std::exception_ptr& exception) noexcept {
    if (!exception)
        return false;
    try {
        std::rethrow_exception(exception);
    } catch (const boost::system::system_error& failed) {
        return failed.code() == boost::asio::error::operation_aborted;
    } catch (...) {
        return false;
    }
}

void throw_cancelled() { throw boost::system::system_error(boost::asio::error::operation_aborted); }

std::string describe(const std::exception_ptr& exception) {
    if (!exception)
        return "no error";
    try {
        std::rethrow_exception(exception);
    } catch (const std::exception& failed) {
        return failed.what();
    } catch (...) {
        return "an exception of an unknown type";
    }
}

failure failure_of(const std::exception_ptr& exception) noexcept {
    try {
        std::rethrow_exception(exception);
    } catch (const error& failed) {
        return failed.kind();
    } catch (...) {
        return failure::internal;
    }
}

} // namespace async

#include "lake/conflict.hpp"

#include "db/error.hpp"

namespace lake {

bool may_run_again(const std::exception_ptr& failed) {
    try {
        std::rethrow_exception(failed);
    } catch (const db::error& error) {
        return error.serialization_failure();
    } catch (const conflict&) {
        return true;
    } catch (...) {
        return false;
    }
}

} // namespace lake

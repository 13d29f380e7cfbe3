#include "app/observe/recorded_timeline.hpp"

namespace app {

void recorded_timeline::write(const stretch& what) {
    if (what.group == "job" || what.group == "readers" || what.group == "uploaders") {
        if (kept_.size() < kept_max)
            kept_.push_back(what);
        else
            ++left_out_;
    }
    if (next_ != nullptr)
        next_->write(what);
}

} // namespace app

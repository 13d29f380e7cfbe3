#include "app/observe/recorded_timeline.hpp"

namespace app {

void recorded_timeline::write(const stretch& drawn) {
    if (drawn.group == "job" || drawn.group == "readers" || drawn.group == "uploaders") {
        if (kept_.size() < kept_max)
            kept_.push_back(drawn);
        else
            ++left_out_;
    }
    if (next_ != nullptr)
        next_->write(drawn);
}

} // namespace app

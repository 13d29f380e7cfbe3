#include "events/projection/follow/hidden_watch.hpp"

namespace events {

bool hidden_watch::must_tell(position readable, position written, clock::duration patience,
                             clock::time_point now) {
    if (written <= readable) {
        forget();
        return false;
    }
    if (hidden_from_ != readable) {
        hidden_from_ = readable;
        since_ = now;
        is_told_ = false;
    }
    if (is_told_ || now - since_ < patience)
        return false;
    is_told_ = true;
    return true;
}

} // namespace events

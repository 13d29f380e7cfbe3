#include "app/serve/memory_budget.hpp"

namespace app {

class memory_budget::share final : public http::body_room {
  public:
    explicit share(memory_budget& from)
        : from_(from) {}
    ~share() override { from_.taken_ -= bytes_; }
    share(const share&) = delete;
    share& operator=(const share&) = delete;

    [[nodiscard]] bool resize(std::size_t bytes) override {
        if (!from_.exchange(bytes_, bytes))
            return false;
        bytes_ = bytes;
        return true;
    }

  private:
    memory_budget& from_;
    std::size_t bytes_ = 0;
};

bool memory_budget::exchange(std::size_t old_bytes, std::size_t new_bytes) noexcept {
    const auto of_others = taken_ - old_bytes;
    if (new_bytes > old_bytes && of_others > 0 && of_others + new_bytes > bytes_max_)
        return false;
    taken_ = of_others + new_bytes;
    return true;
}

std::shared_ptr<http::body_room> memory_budget::take(std::size_t bytes) {
    auto room = std::make_shared<share>(*this);
    if (!room->resize(bytes))
        return nullptr;
    return room;
}

} // namespace app

// A strict reader of the little XML the service writes: elements, attributes, text, entities, a prolog,
// comments. No document types, no CDATA, no namespaces. Walks forward once, without recursion and without a
// tree.
//
// Ours because a listing of 5,000 blobs is read as it arrives, in bounded memory; pugixml holds the whole
// tree. Replace it when Debian has a small pull parser (expat would do, at twice the code around its
// callbacks).
// Tested by tests/unit/azure/blob/xml_test.cpp.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace azure {

// All members throw async::error(unclassified) on text that is not well-formed or not in the expected place.
class xml_reader {
  public:
    // `text` must outlive the reader. Stands in the root element, which must have this name.
    xml_reader(std::string_view text, std::string_view root);

    // Steps into the next child of the current element and makes it the current one. False at the end of the
    // current element, whose parent is then the current one. White space between children is passed over;
    // other text is not.
    [[nodiscard]] bool next_child();
    [[nodiscard]] std::string_view name() const noexcept { return name_; }
    [[nodiscard]] bool has_attribute(std::string_view name, std::string_view value) const noexcept;

    // The text of the current element, which must have no children; its parent is then the current element.
    [[nodiscard]] std::string text();
    // Passes over the current element and all within; its parent is then the current element.
    void skip();
    // After the root element: nothing but white space and comments may follow.
    void finish();

    [[noreturn]] void fail(std::string_view problem) const;

  private:
    void open_element();
    void close_element();
    void pass_comment();
    void pass_white_space() noexcept;
    void pass_misc();
    [[nodiscard]] bool pass(std::string_view expected) noexcept;
    [[nodiscard]] std::string_view take_name();
    [[nodiscard]] std::string decoded(std::string_view raw) const;

    std::string_view all_;
    std::string_view left_;
    std::vector<std::string_view> open_;
    std::string_view name_;
    std::vector<std::pair<std::string_view, std::string>> attributes_;
    bool empty_ = false; // the current element is <a/>: its end needs no tag
};

} // namespace azure

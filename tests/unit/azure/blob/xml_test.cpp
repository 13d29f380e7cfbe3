#include "async/error.hpp"
#include "azure/blob/xml.hpp"
#include "tests/unit/azure/blob/listing.hpp"

#include <gtest/gtest.h>

#include <random>

namespace azure {
namespace {

const std::string service_listing =
    "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults "
    "ServiceEndpoint=\"https://acme.blob.core.windows.net/\" ContainerName=\"events\"><Prefix>day/</Prefix>"
    "<MaxResults>2</MaxResults><Blobs><Blob><Name>day/a&amp;b &#x3c;c&gt;.csv</Name><Properties>"
    "<Creation-Time>Mon, 06 Oct 2025 08:49:37 GMT</Creation-Time>"
    "<Last-Modified>Mon, 06 Oct 2025 08:49:38 GMT</Last-Modified><Etag>0x8DE04B2</Etag>"
    "<Content-Length>12345678901</Content-Length><Content-Type>text/csv</Content-Type><Content-Encoding />"
    "<Content-Language /><Content-CRC64 /><Content-MD5 /><Cache-Control>no-cache</Cache-Control>"
    "<Content-Disposition /><BlobType>BlockBlob</BlobType><AccessTier>Hot</AccessTier>"
    "<LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState></Properties>"
    "<Metadata><State>final</State><rows>7</rows></Metadata><OrMetadata /></Blob>"
    "<Blob><Name Encoded=\"true\">day/%EF%BF%BE%20x</Name><Properties><Etag>\"0x1\"</Etag>"
    "<Content-Length>0</Content-Length><BlobType>AppendBlob</BlobType><LeaseState>leased</LeaseState>"
    "<LeaseDuration>infinite</LeaseDuration><ArchiveStatus>rehydrate-pending-to-hot</ArchiveStatus>"
    "</Properties></Blob></Blobs>"
    "<NextMarker>2!abc--</NextMarker></EnumerationResults>";

const std::string emulator_listing =
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<EnumerationResults "
    "ServiceEndpoint=\"http://127.0.0.1:10000/devstoreaccount1\" ContainerName=\"c\"><Prefix/><Marker/>"
    "<MaxResults>5000</MaxResults><Delimiter/><Blobs/><NextMarker/></EnumerationResults>";

TEST(listing, of_the_service_is_read) {
    const auto found = rig::parse_listing(service_listing);

    ASSERT_EQ(found.blobs.size(), 2U);
    EXPECT_EQ(found.next_marker, "2!abc--");
    const auto& blob = found.blobs[0];
    EXPECT_EQ(blob.name, "day/a&b <c>.csv");
    EXPECT_EQ(blob.etag, "\"0x8DE04B2\"");
    EXPECT_EQ(blob.size, 12345678901U);
    EXPECT_EQ(blob.type, blob_type::block);
    EXPECT_EQ(blob.content, (content_headers{"text/csv", "", "", "", "no-cache", "Hot"}));
    EXPECT_EQ(blob.metadata, (metadata{{"state", "final"}, {"rows", "7"}}));
    EXPECT_EQ(blob.last_modified, "Mon, 06 Oct 2025 08:49:38 GMT");
    EXPECT_EQ(blob.access_tier, "Hot");
    EXPECT_EQ(blob.lease_state, "available");
    EXPECT_EQ(found.blobs[1].name, "day/\xEF\xBF\xBE x");
    EXPECT_EQ(found.blobs[1].etag, "\"0x1\"");
    EXPECT_EQ(found.blobs[1].type, blob_type::append);
    EXPECT_EQ(found.blobs[1].lease_duration, "infinite");
    EXPECT_EQ(found.blobs[1].archive_status, "rehydrate-pending-to-hot");
}

std::string listing_of(const std::string& properties, const std::string& metadata = {}) {
    return "<EnumerationResults><Blobs><Blob><Name>b</Name><Properties><Etag>0x1</Etag>" + properties +
           "</Properties><Metadata>" + metadata +
           "</Metadata></Blob></Blobs><NextMarker/></EnumerationResults>";
}

TEST(listing, tells_a_tier_that_was_chosen_from_the_accounts) {
    const auto tiers = [](const std::string& properties) {
        const auto blob = rig::parse_listing(listing_of(properties)).blobs.at(0);
        return blob.access_tier + "/" + blob.content.access_tier;
    };
    EXPECT_EQ(tiers("<AccessTier>Cool</AccessTier>"), "Cool/Cool");
    EXPECT_EQ(tiers("<AccessTier>Hot</AccessTier><AccessTierInferred>true</AccessTierInferred>"), "Hot/");
    EXPECT_EQ(tiers("<AccessTierInferred>true</AccessTierInferred><AccessTier>Hot</AccessTier>"), "Hot/");
    EXPECT_EQ(tiers("<AccessTier>Archive</AccessTier>"), "Archive/") << "no commit can put it back there";
    EXPECT_EQ(tiers("<AccessTier>Premium</AccessTier>"), "Premium/");
    EXPECT_EQ(tiers(""), "/");
}

TEST(listing, tells_what_else_a_commit_has_to_restate) {
    const auto blob =
        rig::parse_listing(listing_of("<EncryptionScope>ours</EncryptionScope><TagCount>3</TagCount>"))
            .blobs.at(0);
    EXPECT_EQ(blob.content.encryption_scope, "ours");
    EXPECT_EQ(blob.tag_count, 3U);
    EXPECT_FALSE(blob.directory);
    const auto account =
        rig::parse_listing(listing_of("<EncryptionScope>$account-encryption-key</EncryptionScope>"));
    EXPECT_EQ(account.blobs.at(0).content.encryption_scope, "");
}

TEST(listing, knows_directories) {
    EXPECT_TRUE(
        rig::parse_listing(listing_of("<ResourceType>directory</ResourceType>")).blobs.at(0).directory);
    EXPECT_FALSE(rig::parse_listing(listing_of("<ResourceType>file</ResourceType>")).blobs.at(0).directory);
    EXPECT_TRUE(
        rig::parse_listing(listing_of("", "<Hdi_isfolder>true</Hdi_isfolder>")).blobs.at(0).directory);
    EXPECT_FALSE(
        rig::parse_listing(listing_of("", "<hdi_isfolder>false</hdi_isfolder>")).blobs.at(0).directory);
}

TEST(listing, of_an_empty_container_is_empty) {
    const auto found = rig::parse_listing(emulator_listing);

    EXPECT_TRUE(found.blobs.empty());
    EXPECT_EQ(found.next_marker, "");
}

TEST(listing, cut_anywhere_is_an_error_and_never_a_shorter_listing) {
    for (std::size_t size = 0; size < service_listing.size(); ++size)
        EXPECT_THROW((void)rig::parse_listing(service_listing.substr(0, size)), async::error) << size;
}

TEST(listing, damaged_anywhere_is_read_or_refused_but_nothing_worse) {
    std::mt19937 random(3);
    for (int i = 0; i < 5000; ++i) {
        auto damaged = service_listing;
        for (auto changes = random() % 3 + 1; changes > 0; --changes)
            damaged[random() % damaged.size()] = static_cast<char>(random() & 0xff);
        try {
            (void)rig::parse_listing(damaged);
        } catch (const async::error& refused) {
            EXPECT_EQ(refused.kind(), async::failure::unclassified);
        }
    }
}

TEST(listing, of_another_kind_is_refused) {
    const char* const documents[] = {
        "",
        "not xml",
        "<html><body>proxy</body></html>",
        "<EnumerationResults/>", // without NextMarker it may be cut
        "<EnumerationResults><NextMarker/></EnumerationResults>trailing",
        "<EnumerationResults><NextMarker/></EnumerationResults><more/>",
        "<EnumerationResults>text<NextMarker/></EnumerationResults>",
        "<EnumerationResults><NextMarker></EnumerationResults></NextMarker>",
        "<!DOCTYPE a [<!ENTITY b \"c\">]><EnumerationResults><NextMarker/></EnumerationResults>",
        "<EnumerationResults><NextMarker>&unknown;</NextMarker></EnumerationResults>",
        "<EnumerationResults><NextMarker>&#xD800;</NextMarker></EnumerationResults>",
        "<EnumerationResults><NextMarker>&#0;</NextMarker></EnumerationResults>",
        "<EnumerationResults><NextMarker>&amp</NextMarker></EnumerationResults>",
        "<EnumerationResults><Blobs><Blob><Name>a</Name></Blob></Blobs><NextMarker/></EnumerationResults>",
        "<EnumerationResults><Blobs><Blob><Properties><Etag>1</Etag></Properties></Blob></Blobs><NextMarker/>"
        "</EnumerationResults>",
        "<EnumerationResults><Blobs><Blob><Name>a</Name><Properties><Etag>1</Etag><Content-Length>x</"
        "Content-Length>"
        "</Properties></Blob></Blobs><NextMarker/></EnumerationResults>",
        "<EnumerationResults><Blobs><Blob><Name Encoded=\"true\">%4</Name></Blob></Blobs><NextMarker/>"
        "</EnumerationResults>",
    };
    for (const auto* document : documents)
        EXPECT_THROW((void)rig::parse_listing(document), async::error) << document;
}

TEST(listing, nested_beyond_reason_is_refused) {
    std::string deep = "<EnumerationResults>";
    for (int i = 0; i < 100'000; ++i)
        deep += "<a>";
    EXPECT_THROW((void)rig::parse_listing(deep), async::error);
}

TEST(entities, become_utf8) {
    const auto marker = [](const std::string& text) {
        return rig::parse_listing("<EnumerationResults><NextMarker>" + text +
                                  "</NextMarker></EnumerationResults>")
            .next_marker;
    };
    EXPECT_EQ(marker("&lt;&gt;&amp;&quot;&apos;"), "<>&\"'");
    EXPECT_EQ(marker("&#65;&#xe4;&#x20ac;&#x1F600;"), "A\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80");
}

TEST(comments, are_passed_over) {
    const auto found =
        rig::parse_listing("<!-- a --><EnumerationResults><!-- <Blobs> --><Odd><!-- </Odd> --></Odd>"
                           "<NextMarker/></EnumerationResults> <!-- b -->\n");
    EXPECT_TRUE(found.blobs.empty());
}

TEST(block_list, is_read_in_order) {
    const auto blocks = parse_committed_blocks(
        "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList><CommittedBlocks>"
        "<Block><Name>QkE=</Name><Size>7</Size></Block><Block><Name>QUE=</Name><Size>4194304000</Size></"
        "Block>"
        "</CommittedBlocks><UncommittedBlocks><Block><Name>QUM=</Name><Size>1</Size></Block></"
        "UncommittedBlocks>"
        "</BlockList>");

    ASSERT_EQ(blocks.size(), 2U);
    EXPECT_EQ(blocks[0].id, "QkE=");
    EXPECT_EQ(blocks[0].size, 7U);
    EXPECT_EQ(blocks[1].size, 4194304000U);
    EXPECT_TRUE(parse_committed_blocks("<BlockList><CommittedBlocks/></BlockList>").empty());
    EXPECT_THROW((void)parse_committed_blocks("<BlockList><CommittedBlocks><Block><Name>QkE=</Name></Block>"
                                              "</CommittedBlocks></BlockList>"),
                 async::error);
}

TEST(block_list, is_written_without_white_space) {
    const std::vector<std::string> ids{"QUE=", "QkI="};
    EXPECT_EQ(block_list_document(ids),
              "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList><Latest>QUE=</Latest>"
              "<Latest>QkI=</Latest></BlockList>");
    EXPECT_EQ(block_list_document({}), "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList></BlockList>");
}

TEST(error_document, is_read_or_empty) {
    const auto found =
        parse_error("<?xml version=\"1.0\"?><Error><Code>BlobNotFound</Code><Message>The blob.\nId</Message>"
                    "<AuthenticationErrorDetail>x</AuthenticationErrorDetail></Error>");
    EXPECT_EQ(found.code, "BlobNotFound");
    EXPECT_EQ(found.message, "The blob.\nId");
    EXPECT_EQ(parse_error("<html/>").code, "");
    EXPECT_EQ(parse_error("<Error><Code>Half</Code>").code, "");
}

} // namespace
} // namespace azure

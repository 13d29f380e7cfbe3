// Kafka's own client, for tests: a line of JSON in, a line of JSON out, until the input ends.
//
//     java -cp 'build/tools/kafka/*' tests/kafka/Client.java HOST:PORT

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

public class Client {
    private static final ObjectMapper JSON = new ObjectMapper();
    private final String brokers;
    private final Admin admin;

    Client(String brokers) {
        this.brokers = brokers;
        this.admin = Admin.create(properties());
    }

    private Properties properties() {
        Properties made = new Properties();
        made.put("bootstrap.servers", brokers);
        return made;
    }

    private static byte[] bytes(JsonNode text) {
        return text == null || text.isNull() ? null : text.asText().getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] bytes) {
        return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
    }

    private JsonNode produce(JsonNode asked) throws Exception {
        Properties made = properties();
        boolean transaction = asked.has("commit");
        if (transaction) {
            made.put("transactional.id", "of a test");
        }
        ArrayNode offsets = JSON.createArrayNode();
        try (var producer = new KafkaProducer<>(made, new ByteArraySerializer(), new ByteArraySerializer())) {
            if (transaction) {
                producer.initTransactions();
                producer.beginTransaction();
            }
            for (JsonNode event : asked.get("events")) {
                Integer partition = event.has("partition") ? event.get("partition").asInt() : null;
                Long time = event.has("timestamp") ? event.get("timestamp").asLong() : null;
                var sent = new ProducerRecord<>(asked.get("topic").asText(), partition, time, bytes(event.get("key")), bytes(event.get("value")));
                if (event.has("headers")) {
                    event.get("headers").fields().forEachRemaining(each -> sent.headers().add(each.getKey(), bytes(each.getValue())));
                }
                offsets.add(producer.send(sent).get().offset());
            }
            if (transaction && asked.get("commit").asBoolean()) {
                producer.commitTransaction();
            } else if (transaction) {
                producer.abortTransaction();
            }
        }
        return offsets;
    }

    private KafkaProducer<byte[], byte[]> open; // its transaction has not ended

    // One event, in a transaction that stays open.
    private JsonNode open(JsonNode asked) throws Exception {
        Properties made = properties();
        made.put("transactional.id", "open");
        made.put("transaction.timeout.ms", "300000");
        open = new KafkaProducer<>(made, new ByteArraySerializer(), new ByteArraySerializer());
        open.initTransactions();
        open.beginTransaction();
        var sent = new ProducerRecord<byte[], byte[]>(asked.get("topic").asText(), 0, null, bytes(asked.get("value")));
        return JSON.valueToTree(open.send(sent).get().offset());
    }

    private JsonNode abort() {
        open.abortTransaction();
        open.close();
        return JSON.nullNode();
    }

    private JsonNode consume(JsonNode asked) {
        ArrayNode found = JSON.createArrayNode();
        var of = new TopicPartition(asked.get("topic").asText(), asked.get("partition").asInt());
        try (var consumer = new KafkaConsumer<>(properties(), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.assign(List.of(of));
            consumer.seek(of, asked.get("from").asLong());
            long end = consumer.endOffsets(List.of(of)).get(of);
            while (consumer.position(of) < end) {
                for (var record : consumer.poll(Duration.ofSeconds(1))) {
                    ObjectNode one = found.addObject();
                    one.put("position", record.offset());
                    one.put("key", text(record.key()));
                    one.put("value", text(record.value()));
                    one.put("timestamp", record.timestamp());
                    ObjectNode headers = one.putObject("headers");
                    record.headers().forEach(each -> headers.put(each.key(), text(each.value())));
                }
            }
        }
        return found;
    }

    private JsonNode run(JsonNode asked) throws Exception {
        String topic = asked.path("topic").asText();
        switch (asked.get("do").asText()) {
            case "create":
                Map<String, String> config = new HashMap<>();
                asked.path("config").fields().forEachRemaining(each -> config.put(each.getKey(), each.getValue().asText()));
                admin.createTopics(List.of(new NewTopic(topic, asked.get("partitions").asInt(), (short) 1).configs(config))).all().get();
                return JSON.nullNode();
            case "delete":
                admin.deleteTopics(List.of(topic)).all().get();
                return JSON.nullNode();
            case "add_partitions":
                admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(asked.get("partitions").asInt()))).all().get();
                return JSON.nullNode();
            case "configure":
                Collection<AlterConfigOp> changes = new ArrayList<>();
                asked.get("config").fields().forEachRemaining(each -> changes.add(
                    new AlterConfigOp(new ConfigEntry(each.getKey(), each.getValue().asText()), AlterConfigOp.OpType.SET)));
                admin.incrementalAlterConfigs(Map.of(new ConfigResource(ConfigResource.Type.TOPIC, topic), changes)).all().get();
                return JSON.nullNode();
            case "delete_records":
                var of = new TopicPartition(topic, asked.get("partition").asInt());
                admin.deleteRecords(Map.of(of, RecordsToDelete.beforeOffset(asked.get("before").asLong()))).all().get();
                return JSON.nullNode();
            case "group":
                ObjectNode positions = JSON.createObjectNode();
                admin.listConsumerGroupOffsets(asked.get("group").asText()).partitionsToOffsetAndMetadata().get()
                    .forEach((partition, at) -> Optional.ofNullable(at).ifPresent(it -> positions.put(partition.toString(), it.offset())));
                return positions;
            case "topics":
                ArrayNode names = JSON.createArrayNode();
                admin.listTopics().names().get().forEach(names::add);
                return names;
            case "rule": // an ACL: of the cluster where no topic is given
                var whom = new AccessControlEntry(asked.get("principal").asText(), "*", AclOperation.fromString(asked.get("operation").asText()),
                    asked.path("denies").asBoolean() ? AclPermissionType.DENY : AclPermissionType.ALLOW);
                var what = topic.isEmpty() ? new ResourcePattern(ResourceType.CLUSTER, "kafka-cluster", PatternType.LITERAL)
                    : new ResourcePattern(ResourceType.TOPIC, topic, asked.path("prefixed").asBoolean() ? PatternType.PREFIXED : PatternType.LITERAL);
                admin.createAcls(List.of(new AclBinding(what, whom))).all().get();
                return JSON.nullNode();
            case "produce":
                return produce(asked);
            case "open":
                return open(asked);
            case "abort":
                return abort();
            case "consume":
                return consume(asked);
            default:
                throw new IllegalArgumentException("no such thing to do");
        }
    }

    public static void main(String[] arguments) throws Exception {
        var client = new Client(arguments[0]);
        var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            ObjectNode answer = JSON.createObjectNode();
            try {
                answer.set("result", client.run(JSON.readTree(line)));
            } catch (Exception failed) {
                answer.put("error", failed.toString());
            }
            System.out.println(JSON.writeValueAsString(answer));
        }
        client.admin.close(Duration.ofSeconds(1));
    }
}

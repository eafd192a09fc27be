import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.leshan.core.model.LwM2mModel;
import org.eclipse.leshan.core.node.LwM2mNode;
import org.eclipse.leshan.core.node.LwM2mPath;
import org.eclipse.leshan.core.node.TimestampedLwM2mNodes;
import org.eclipse.leshan.core.request.ContentFormat;
import org.eclipse.leshan.core.request.WriteCompositeRequest;

/** Several places at once: a request's `"paths": ["/3/0/0", ...]`, and JSON for the values of all of them. */
final class Composites {
    private Composites() {
    }

    static List<LwM2mPath> paths(JsonNode request) {
        List<LwM2mPath> paths = new ArrayList<>();
        request.get("paths").forEach(path -> paths.add(new LwM2mPath(path.asText())));
        return paths;
    }

    static WriteCompositeRequest write(LwM2mModel model, ContentFormat format, JsonNode values) {
        Map<LwM2mPath, LwM2mNode> nodes = new HashMap<>();
        values.fields().forEachRemaining(field -> {
            LwM2mPath path = new LwM2mPath(field.getKey());
            nodes.put(path, Models.node(model, path, field.getValue()));
        });
        return new WriteCompositeRequest(format, nodes, null);
    }

    /** What is not there has no member. */
    static ObjectNode flatten(Map<LwM2mPath, LwM2mNode> content) {
        ObjectNode values = Models.JSON.createObjectNode();
        content.forEach((path, node) -> {
            if (node != null)
                values.setAll(Models.flatten(path, node));
        });
        return values;
    }

    /** `[{"time": 1700000000.5, "values": {...}}]`, without a time where none was told; the oldest first. */
    static ArrayNode history(TimestampedLwM2mNodes nodes) {
        ArrayNode history = Models.JSON.createArrayNode();
        for (Instant time : nodes.getTimestamps()) {
            ObjectNode moment = history.addObject();
            if (time != null)
                moment.put("time", time.toEpochMilli() / 1000.0);
            moment.set("values", flatten(nodes.getNodesAt(time)));
        }
        return history;
    }
}

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.leshan.core.link.Link;
import org.eclipse.leshan.core.model.LwM2mModel;
import org.eclipse.leshan.core.model.ObjectLoader;
import org.eclipse.leshan.core.model.ObjectModel;
import org.eclipse.leshan.core.model.ResourceModel;
import org.eclipse.leshan.core.model.ResourceModel.Operations;
import org.eclipse.leshan.core.model.ResourceModel.Type;
import org.eclipse.leshan.core.node.LwM2mMultipleResource;
import org.eclipse.leshan.core.node.LwM2mNode;
import org.eclipse.leshan.core.node.LwM2mObject;
import org.eclipse.leshan.core.node.LwM2mObjectInstance;
import org.eclipse.leshan.core.node.LwM2mPath;
import org.eclipse.leshan.core.node.LwM2mResource;
import org.eclipse.leshan.core.node.LwM2mResourceInstance;
import org.eclipse.leshan.core.node.LwM2mRoot;
import org.eclipse.leshan.core.node.LwM2mSingleResource;
import org.eclipse.leshan.core.node.ObjectLink;
import org.eclipse.leshan.core.util.Hex;
import org.eclipse.leshan.core.util.datatype.ULong;

/** Object models beyond Leshan's own, and JSON for its nodes: `{"/3/0/0": "text", "/3/0/7/1": 3800}`, integers exact. */
final class Models {
    static final ObjectMapper JSON = new ObjectMapper();
    /** Beyond it a JSON reader may not see the integer that was meant. */
    private static final long MAX_SAFE = (1L << 53) - 1;

    private Models() {
    }

    static List<ObjectModel> all() {
        List<ObjectModel> models = new ArrayList<>(ObjectLoader.loadAllDefault());
        models.add(temperature("1.0"));
        models.add(temperature("1.1"));
        models.add(testObject());
        models.add(new ObjectModel(10, "Cellular Connectivity", "", "1.0", false, false,
                resource(4, Operations.RW, Type.INTEGER), resource(8, Operations.RW, Type.OPAQUE),
                multiple(11, Operations.R, Type.OBJLNK)));
        models.add(new ObjectModel(11, "APN Connection Profile", "", "1.0", true, false,
                resource(0, Operations.RW, Type.STRING), resource(1, Operations.RW, Type.STRING),
                resource(3, Operations.RW, Type.BOOLEAN), resource(4, Operations.RW, Type.INTEGER)));
        models.add(new ObjectModel(13, "Bearer Selection", "", "1.0", false, false,
                multiple(0, Operations.RW, Type.INTEGER), resource(1, Operations.RW, Type.INTEGER)));
        models.add(new ObjectModel(16, "Portfolio", "", "1.0", true, false, multiple(0, Operations.RW, Type.STRING),
                resource(1, Operations.E, Type.NONE), multiple(2, Operations.R, Type.OPAQUE),
                resource(3, Operations.R, Type.INTEGER)));
        return models;
    }

    private static ObjectModel temperature(String version) {
        return new ObjectModel(3303, "Temperature", "", version, true, false,
                resource(5601, Operations.R, Type.FLOAT), resource(5602, Operations.R, Type.FLOAT),
                resource(5603, Operations.R, Type.FLOAT), resource(5604, Operations.R, Type.FLOAT),
                resource(5605, Operations.E, Type.NONE), resource(5700, Operations.R, Type.FLOAT),
                resource(5701, Operations.R, Type.STRING), resource(5750, Operations.RW, Type.STRING));
    }

    /** The registry's test object: every data type once alone and once with instances. */
    private static ObjectModel testObject() {
        Type[] types = { Type.STRING, Type.INTEGER, Type.UNSIGNED_INTEGER, Type.FLOAT, Type.BOOLEAN, Type.OPAQUE,
                Type.TIME, Type.OBJLNK, Type.CORELINK };
        int[] ids = { 110, 120, 125, 130, 140, 150, 160, 170, 180 };
        List<ResourceModel> resources = new ArrayList<>();
        for (int id = 0; id <= 3; id++)
            resources.add(resource(id, Operations.E, Type.NONE));
        resources.add(multiple(4, Operations.R, Type.STRING));
        resources.add(resource(5, Operations.E, Type.NONE));
        resources.add(multiple(6, Operations.RW, Type.STRING));
        for (int i = 0; i < ids.length; i++) {
            resources.add(resource(ids[i], Operations.RW, types[i]));
            resources.add(multiple(1000 + ids[i], Operations.RW, types[i]));
        }
        return new ObjectModel(3442, "LwM2M v1.1 Test Object", "", "1.0", true, false, resources);
    }

    private static ResourceModel resource(int id, Operations operations, Type type) {
        return new ResourceModel(id, "", operations, false, false, type, "", "", "");
    }

    private static ResourceModel multiple(int id, Operations operations, Type type) {
        return new ResourceModel(id, "", operations, true, false, type, "", "", "");
    }

    static ObjectNode flatten(LwM2mPath path, LwM2mNode node) {
        ObjectNode values = JSON.createObjectNode();
        put(values, path.toString(), node);
        return values;
    }

    private static void put(ObjectNode values, String path, LwM2mNode node) {
        if (node instanceof LwM2mRoot root)
            root.getObjects().forEach((id, child) -> put(values, "/" + id, child));
        else if (node instanceof LwM2mObject object)
            object.getInstances().forEach((id, child) -> put(values, path + "/" + id, child));
        else if (node instanceof LwM2mObjectInstance instance)
            instance.getResources().forEach((id, child) -> put(values, path + "/" + id, child));
        else if (node instanceof LwM2mResource resource && resource.isMultiInstances())
            resource.getInstances().forEach((id, child) -> put(values, path + "/" + id, child));
        else if (node instanceof LwM2mResource resource)
            values.set(path, json(resource.getValue()));
        else if (node instanceof LwM2mResourceInstance instance)
            values.set(path, json(instance.getValue()));
    }

    private static JsonNode json(Object value) {
        if (value instanceof byte[] bytes)
            return JSON.getNodeFactory().textNode(new String(Hex.encodeHex(bytes)));
        if (value instanceof Date date)
            return JSON.getNodeFactory().numberNode(date.getTime() / 1000);
        if (value instanceof ObjectLink link)
            return JSON.getNodeFactory().textNode(link.getObjectId() + ":" + link.getObjectInstanceId());
        if (value instanceof Link[] || value instanceof ULong)
            return JSON.getNodeFactory().textNode(value.toString());
        if (value instanceof Long integer && (integer > MAX_SAFE || integer < -MAX_SAFE))
            return JSON.getNodeFactory().textNode(value.toString());
        return JSON.valueToTree(value);
    }

    /** A resource from JSON: a plain value, or `{"0": value, "1": value}` for one with instances. */
    static LwM2mResource resource(LwM2mModel model, int objectId, int id, JsonNode value) {
        Type type = model.getResourceModel(objectId, id).type;
        if (!value.isObject())
            return LwM2mSingleResource.newResource(id, scalar(type, value), type);
        Map<Integer, Object> instances = new HashMap<>();
        value.fields().forEachRemaining(
                field -> instances.put(Integer.valueOf(field.getKey()), scalar(type, field.getValue())));
        return LwM2mMultipleResource.newResource(id, instances, type);
    }

    static Collection<LwM2mResource> resources(LwM2mModel model, int objectId, JsonNode values) {
        List<LwM2mResource> resources = new ArrayList<>();
        values.fields().forEachRemaining(
                field -> resources.add(resource(model, objectId, Integer.parseInt(field.getKey()), field.getValue())));
        return resources;
    }

    /** An object instance from the JSON of its resources, a resource, or a resource instance from its plain value. */
    static LwM2mNode node(LwM2mModel model, LwM2mPath path, JsonNode value) {
        if (path.isObjectInstance())
            return new LwM2mObjectInstance(path.getObjectInstanceId(), resources(model, path.getObjectId(), value));
        if (path.isResource())
            return resource(model, path.getObjectId(), path.getResourceId(), value);
        Type type = model.getResourceModel(path.getObjectId(), path.getResourceId()).type;
        return LwM2mResourceInstance.newInstance(path.getResourceInstanceId(), scalar(type, value), type);
    }

    static Object scalar(Type type, JsonNode value) {
        switch (type) {
        case INTEGER:
            return Long.valueOf(value.asText());
        case UNSIGNED_INTEGER:
            return ULong.valueOf(value.asText());
        case FLOAT:
            return value.asDouble();
        case BOOLEAN:
            return value.asBoolean();
        case OPAQUE:
            return Hex.decodeHex(value.asText().toCharArray());
        case TIME:
            return new Date(value.asLong() * 1000);
        case OBJLNK:
            String[] ids = value.asText().split(":");
            return new ObjectLink(Integer.parseInt(ids[0]), Integer.parseInt(ids[1]));
        default:
            return value.asText();
        }
    }
}

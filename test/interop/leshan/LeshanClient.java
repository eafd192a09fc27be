import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.eclipse.leshan.client.LeshanClientBuilder;
import org.eclipse.leshan.client.engine.DefaultRegistrationEngineFactory;
import org.eclipse.leshan.client.object.LwM2mTestObject;
import org.eclipse.leshan.client.object.Security;
import org.eclipse.leshan.client.object.Server;
import org.eclipse.leshan.client.observer.LwM2mClientObserverAdapter;
import org.eclipse.leshan.client.resource.LwM2mObjectEnabler;
import org.eclipse.leshan.client.resource.ObjectsInitializer;
import org.eclipse.leshan.client.resource.SimpleInstanceEnabler;
import org.eclipse.leshan.client.send.ManualDataSender;
import org.eclipse.leshan.client.servers.LwM2mServer;
import org.eclipse.leshan.core.ResponseCode;
import org.eclipse.leshan.core.model.StaticModel;
import org.eclipse.leshan.core.node.LwM2mSingleResource;
import org.eclipse.leshan.core.request.BootstrapRequest;
import org.eclipse.leshan.core.request.ContentFormat;
import org.eclipse.leshan.core.request.DeregisterRequest;
import org.eclipse.leshan.core.request.RegisterRequest;
import org.eclipse.leshan.core.request.UpdateRequest;
import org.eclipse.leshan.core.request.argument.Arguments;
import org.eclipse.leshan.core.response.ExecuteResponse;
import org.eclipse.leshan.core.response.SendResponse;
import org.eclipse.leshan.transport.californium.client.endpoint.CaliforniumClientEndpointsProvider;
import org.eclipse.leshan.transport.californium.client.endpoint.coap.CoapClientProtocolProvider;

/**
 * Leshan's LwM2M client under remote control, with objects 3, 3303 and 3442: `java ... LeshanClient coap://HOST:PORT NAME
 * LIFETIME [queue|bootstrap]`; with `bootstrap` the URI is a Bootstrap-Server's, and what it gives is all that there is. On stdin `{"op":"set","path":"/3303/0/5700","value":21.5}`, `{"op":"update"}`, `{"op":"send","paths":["/3/0/0"],"format":110}`,
 * and `{"op":"collect","paths":[...]}` for values that `{"op":"send-collected","format":110}` sends with their times; end of file to
 * de-register; on stdout events `{"event":"registered"}`, `bootstrap-failed`, `updated`, `executed`, `set`, `collected`, `send-answered`, `deregistered`, `failed`.
 */
public final class LeshanClient {
    private static final int DEVICE = 3;
    private static final int TEMPERATURE = 3303;
    private static final int TEST_OBJECT = 3442;
    private static final int SHORT_SERVER_ID = 123;
    private static final long SEND_TIMEOUT_MS = 10_000;

    private LeshanClient() {
    }

    /** The device: what the registry's object 3 holds, and a record of what was executed. */
    public static final class Device extends SimpleInstanceEnabler {
        public Device() {
            super(0, 0, "Eclipse Leshan", 1, "interop", 2, "LT-1", 11, Map.of(0, 0L), 14, "+00", 16, "U");
        }

        @Override
        public ExecuteResponse execute(LwM2mServer server, int resourceId, Arguments arguments) {
            if (resourceId != 4 && resourceId != 12)
                return super.execute(server, resourceId, arguments);
            print(Models.JSON.createObjectNode().put("event", "executed").put("path", "/3/0/" + resourceId)
                    .put("arguments", arguments.serialize()));
            return ExecuteResponse.success();
        }
    }

    public static void main(String[] args) throws Exception {
        Map<Integer, SimpleInstanceEnabler> settable = Map.of(
                DEVICE, new Device(),
                TEMPERATURE, new SimpleInstanceEnabler(0, 5700, 20.5, 5701, "Cel", 5601, 20.5, 5602, 20.5));
        ObjectsInitializer initializer = new ObjectsInitializer(new StaticModel(Models.all()));
        String mode = args.length > 3 ? args[3] : "";
        if (mode.equals("bootstrap")) {
            initializer.setInstancesForObject(0, Security.noSecBootstrap(args[0]));
            initializer.setClassForObject(1, Server.class);
        } else {
            initializer.setInstancesForObject(0, Security.noSec(args[0], SHORT_SERVER_ID));
            initializer.setInstancesForObject(1, new Server(SHORT_SERVER_ID, Long.parseLong(args[2])));
        }
        settable.forEach((objectId, instance) -> initializer.setInstancesForObject(objectId, instance));
        initializer.setInstancesForObject(TEST_OBJECT, new LwM2mTestObject());
        List<LwM2mObjectEnabler> objects = initializer.createAll();

        LeshanClientBuilder builder = new LeshanClientBuilder(args[1]);
        builder.setObjects(objects);
        ManualDataSender collector = new ManualDataSender();
        builder.setDataSenders(collector);
        builder.setRegistrationEngineFactory(new DefaultRegistrationEngineFactory().setQueueMode(mode.equals("queue")));
        CaliforniumClientEndpointsProvider.Builder endpoints = new CaliforniumClientEndpointsProvider.Builder(
                new CoapClientProtocolProvider());
        endpoints.setClientAddress(InetAddress.getByName("127.0.0.1"));
        builder.setEndpointsProviders(endpoints.build());
        org.eclipse.leshan.client.LeshanClient client = builder.build();
        client.addObserver(new Reporter());
        client.start();

        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            JsonNode command = Models.JSON.readTree(line);
            switch (command.get("op").asText()) {
            case "update":
                client.triggerRegistrationUpdate();
                continue;
            case "send":
                send(client, command);
                continue;
            case "collect":
                collector.collectData(Composites.paths(command));
                event("collected");
                continue;
            case "send-collected":
                collector.sendCollectedData(serverOf(client), formatOf(command), SEND_TIMEOUT_MS, true);
                continue;
            default:
            }
            String[] path = command.get("path").asText().split("/");
            int objectId = Integer.parseInt(path[1]);
            int resourceId = Integer.parseInt(path[3]);
            SimpleInstanceEnabler instance = settable.get(objectId);
            var type = instance.getModel().resources.get(resourceId).type;
            instance.write(LwM2mServer.SYSTEM, true, resourceId,
                    LwM2mSingleResource.newResource(resourceId, Models.scalar(type, command.get("value")), type));
            event("set");
        }
        client.destroy(true);
        System.exit(0);
    }

    /** An event tells what it was answered. */
    private static void send(org.eclipse.leshan.client.LeshanClient client, JsonNode command) throws Exception {
        List<String> paths = new ArrayList<>();
        command.get("paths").forEach(path -> paths.add(path.asText()));
        SendResponse response = client.getSendService().sendData(serverOf(client), formatOf(command), paths,
                SEND_TIMEOUT_MS);
        print(Models.JSON.createObjectNode().put("event", "send-answered").put("code",
                response == null ? "none" : String.valueOf(response.getCode().getCode())));
    }

    private static LwM2mServer serverOf(org.eclipse.leshan.client.LeshanClient client) {
        return client.getRegisteredServers().values().iterator().next();
    }

    private static ContentFormat formatOf(JsonNode command) {
        return ContentFormat.fromCode(command.get("format").asInt());
    }

    private static synchronized void print(ObjectNode line) {
        System.out.println(line);
    }

    private static void event(String name) {
        print(Models.JSON.createObjectNode().put("event", name));
    }

    private static final class Reporter extends LwM2mClientObserverAdapter {
        @Override
        public void onBootstrapFailure(LwM2mServer server, BootstrapRequest request, ResponseCode code, String message,
                Exception cause) {
            print(Models.JSON.createObjectNode().put("event", "bootstrap-failed").put("code", String.valueOf(code))
                    .put("error", message + " " + cause));
        }

        @Override
        public void onRegistrationSuccess(LwM2mServer server, RegisterRequest request, String location) {
            print(Models.JSON.createObjectNode().put("event", "registered").put("location", location));
        }

        @Override
        public void onRegistrationFailure(LwM2mServer server, RegisterRequest request, ResponseCode code,
                String message, Exception cause) {
            print(Models.JSON.createObjectNode().put("event", "failed").put("code", String.valueOf(code))
                    .put("error", message + " " + cause));
        }

        @Override
        public void onRegistrationTimeout(LwM2mServer server, RegisterRequest request) {
            print(Models.JSON.createObjectNode().put("event", "failed").put("error", "timed out"));
        }

        @Override
        public void onUpdateSuccess(LwM2mServer server, UpdateRequest request) {
            event("updated");
        }

        @Override
        public void onUpdateFailure(LwM2mServer server, UpdateRequest request, ResponseCode code, String message,
                Exception cause) {
            print(Models.JSON.createObjectNode().put("event", "update-failed").put("code", String.valueOf(code)));
        }

        @Override
        public void onDeregistrationSuccess(LwM2mServer server, DeregisterRequest request) {
            event("deregistered");
        }
    }
}

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.leshan.core.endpoint.Protocol;
import org.eclipse.leshan.core.link.DefaultLinkSerializer;
import org.eclipse.leshan.core.link.Link;
import org.eclipse.leshan.core.link.lwm2m.attributes.DefaultLwM2mAttributeParser;
import org.eclipse.leshan.core.link.lwm2m.attributes.LwM2mAttributeSet;
import org.eclipse.leshan.core.model.LwM2mModel;
import org.eclipse.leshan.core.node.LwM2mObjectInstance;
import org.eclipse.leshan.core.node.LwM2mPath;
import org.eclipse.leshan.core.node.TimestampedLwM2mNodes;
import org.eclipse.leshan.core.observation.CompositeObservation;
import org.eclipse.leshan.core.observation.Observation;
import org.eclipse.leshan.core.observation.SingleObservation;
import org.eclipse.leshan.core.request.CancelCompositeObservationRequest;
import org.eclipse.leshan.core.request.CancelObservationRequest;
import org.eclipse.leshan.core.request.ContentFormat;
import org.eclipse.leshan.core.request.CreateRequest;
import org.eclipse.leshan.core.request.DeleteRequest;
import org.eclipse.leshan.core.request.DiscoverRequest;
import org.eclipse.leshan.core.request.DownlinkDeviceManagementRequest;
import org.eclipse.leshan.core.request.ExecuteRequest;
import org.eclipse.leshan.core.request.ObserveCompositeRequest;
import org.eclipse.leshan.core.request.ObserveRequest;
import org.eclipse.leshan.core.request.ReadCompositeRequest;
import org.eclipse.leshan.core.request.ReadRequest;
import org.eclipse.leshan.core.request.SendRequest;
import org.eclipse.leshan.core.request.WriteAttributesRequest;
import org.eclipse.leshan.core.request.WriteRequest;
import org.eclipse.leshan.core.request.WriteRequest.Mode;
import org.eclipse.leshan.core.response.CreateResponse;
import org.eclipse.leshan.core.response.DiscoverResponse;
import org.eclipse.leshan.core.response.LwM2mResponse;
import org.eclipse.leshan.core.response.ObserveCompositeResponse;
import org.eclipse.leshan.core.response.ObserveResponse;
import org.eclipse.leshan.core.response.ReadCompositeResponse;
import org.eclipse.leshan.core.response.ReadResponse;
import org.eclipse.leshan.server.LeshanServerBuilder;
import org.eclipse.leshan.server.observation.ObservationListener;
import org.eclipse.leshan.server.queue.PresenceListener;
import org.eclipse.leshan.server.queue.StaticClientAwakeTimeProvider;
import org.eclipse.leshan.server.registration.Registration;
import org.eclipse.leshan.server.registration.RegistrationListener;
import org.eclipse.leshan.server.registration.RegistrationUpdate;
import org.eclipse.leshan.server.send.SendListener;
import org.eclipse.leshan.transport.californium.server.endpoint.CaliforniumServerEndpointsProvider;
import org.eclipse.leshan.transport.californium.server.endpoint.coap.CoapServerProtocolProvider;

/**
 * Leshan's LwM2M server under remote control: one JSON object per line. On stdin a request
 * `{"id":1,"op":"read","ep":"x","path":"/3/0","format":11542}`, on stdout its answer
 * `{"id":1,"code":"2.05","contentFormat":11542,"values":{...}}` and events `{"event":"registered",...}`. Composite operations
 * have `"paths":[...]`. Arguments: its port, and for how many milliseconds it takes a device in queue mode to be awake.
 */
final class LeshanServer implements RegistrationListener, ObservationListener, SendListener, PresenceListener {
    private static final long ANSWER_TIMEOUT_MS = 10_000;

    private final org.eclipse.leshan.server.LeshanServer server;
    private final Map<String, Observation> observations = new ConcurrentHashMap<>();

    private LeshanServer(int port, int awakeTime) {
        CaliforniumServerEndpointsProvider.Builder endpoints = new CaliforniumServerEndpointsProvider.Builder(
                new CoapServerProtocolProvider());
        endpoints.addEndpoint(new InetSocketAddress("127.0.0.1", port), Protocol.COAP);
        LeshanServerBuilder builder = new LeshanServerBuilder();
        builder.setObjectModelProvider(
                new org.eclipse.leshan.server.model.VersionedModelProvider(Models.all()));
        builder.setEndpointsProviders(endpoints.build());
        builder.setClientAwakeTimeProvider(new StaticClientAwakeTimeProvider(awakeTime));
        server = builder.build();
        server.getRegistrationService().addListener(this);
        server.getObservationService().addListener(this);
        server.getSendService().addListener(this);
        server.getPresenceService().addListener(this);
        server.start();
    }

    public static void main(String[] args) throws Exception {
        LeshanServer peer = new LeshanServer(Integer.parseInt(args[0]), Integer.parseInt(args[1]));
        print(Models.JSON.createObjectNode().put("event", "ready"));
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            JsonNode request = Models.JSON.readTree(line);
            new Thread(() -> peer.answer(request)).start();
        }
        peer.server.destroy();
        System.exit(0);
    }

    private static synchronized void print(ObjectNode line) {
        System.out.println(line);
    }

    private void answer(JsonNode request) {
        ObjectNode answer = Models.JSON.createObjectNode().put("id", request.get("id").asInt());
        try {
            Registration registration = server.getRegistrationService().getByEndpoint(request.get("ep").asText());
            if (registration == null)
                throw new IllegalStateException("not registered: " + request.get("ep").asText());
            if (request.get("op").asText().equals("forget")) {
                server.getObservationService().cancelObservation(observations.remove(keyOf(request)));
                print(answer);
                return;
            }
            LwM2mResponse response = server.send(registration, requestOf(registration, request), ANSWER_TIMEOUT_MS);
            if (response == null)
                throw new IllegalStateException("no answer within " + ANSWER_TIMEOUT_MS + " ms");
            describe(answer, request, response);
        } catch (Exception exception) {
            answer.put("error", exception.toString());
        }
        print(answer);
    }

    private DownlinkDeviceManagementRequest<? extends LwM2mResponse> requestOf(Registration registration,
            JsonNode request) throws Exception {
        LwM2mPath path = new LwM2mPath(request.has("path") ? request.get("path").asText() : "/");
        ContentFormat format = request.has("format") ? ContentFormat.fromCode(request.get("format").asInt()) : null;
        LwM2mModel model = server.getModelProvider().getObjectModel(registration);
        JsonNode value = request.get("value");
        switch (request.get("op").asText()) {
        case "read":
            return new ReadRequest(format, path, null);
        case "observe":
            return new ObserveRequest(format, path, null);
        case "cancel":
            return new CancelObservationRequest((SingleObservation) observations.remove(keyOf(request)));
        case "read-composite":
            return new ReadCompositeRequest(Composites.paths(request), format, format, null);
        case "write-composite":
            return Composites.write(model, format, value);
        case "observe-composite":
            return new ObserveCompositeRequest(format, format, Composites.paths(request));
        case "cancel-composite":
            return new CancelCompositeObservationRequest((CompositeObservation) observations.remove(keyOf(request)));
        case "discover":
            return new DiscoverRequest(path.toString());
        case "execute":
            return new ExecuteRequest(path.toString(), value == null ? null : value.asText());
        case "delete":
            return new DeleteRequest(path);
        case "write":
            return new WriteRequest(Mode.REPLACE, format, path, Models.node(model, path, value));
        case "update":
            return new WriteRequest(Mode.UPDATE, format, path, Models.node(model, path, value));
        case "attributes":
            return new WriteAttributesRequest(path, new LwM2mAttributeSet(
                    new DefaultLwM2mAttributeParser().parseUriQuery(value.asText())));
        case "create":
            return path.isObject()
                    ? new CreateRequest(format, path.getObjectId(),
                            Models.resources(model, path.getObjectId(), value))
                    : new CreateRequest(format, path.getObjectId(), new LwM2mObjectInstance(path.getObjectInstanceId(),
                            Models.resources(model, path.getObjectId(), value)));
        default:
            throw new IllegalArgumentException("unknown op " + request.get("op"));
        }
    }

    /** What an observation is known by. */
    private static String keyOf(JsonNode request) {
        return (request.has("paths") ? request.get("paths") : request.get("path")).toString();
    }

    private void describe(ObjectNode answer, JsonNode request, LwM2mResponse response) {
        int code = response.getCode().getCode();
        answer.put("code", code / 100 + "." + String.format("%02d", code % 100));
        if (response.getErrorMessage() != null)
            answer.put("message", response.getErrorMessage());
        if (response.getCoapResponse() instanceof Response coap && coap.getOptions().hasContentFormat())
            answer.put("contentFormat", coap.getOptions().getContentFormat());
        if (response instanceof ReadResponse read && read.getContent() != null)
            answer.set("values", Models.flatten(new LwM2mPath(request.get("path").asText()), read.getContent()));
        if (response instanceof ReadCompositeResponse read && read.getContent() != null)
            answer.set("values", Composites.flatten(read.getContent()));
        if (response instanceof ObserveResponse observe && observe.getObservation() != null)
            observations.put(keyOf(request), observe.getObservation());
        if (response instanceof ObserveCompositeResponse observe && observe.getObservation() != null)
            observations.put(keyOf(request), observe.getObservation());
        if (response instanceof CreateResponse create && create.getLocation() != null)
            answer.put("location", create.getLocation());
        if (response instanceof DiscoverResponse discover && discover.getObjectLinks() != null)
            answer.set("links", links(discover.getObjectLinks()));
    }

    private static ArrayNode links(Link[] links) {
        ArrayNode list = Models.JSON.createArrayNode();
        for (Link link : links)
            list.add(new DefaultLinkSerializer().serializeCoreLinkFormat(link));
        return list;
    }

    private static void registration(String event, Registration registration) {
        print(Models.JSON.createObjectNode().put("event", event).put("ep", registration.getEndpoint())
                .put("location", registration.getId()).put("lifetime", registration.getLifeTimeInSec())
                .put("version", registration.getLwM2mVersion().toString())
                .put("binding", String.valueOf(registration.getBindingMode()))
                .put("queueMode", registration.usesQueueMode())
                .put("contentFormats", registration.getSupportedContentFormats().toString())
                .set("links", links(registration.getSortedObjectLinks())));
    }

    @Override
    public void registered(Registration registration, Registration previous, Collection<Observation> observations) {
        registration("registered", registration);
    }

    @Override
    public void updated(RegistrationUpdate update, Registration registration, Registration previous) {
        registration("updated", registration);
    }

    @Override
    public void unregistered(Registration registration, Collection<Observation> observations, boolean expired,
            Registration next) {
        if (next == null)
            registration(expired ? "expired" : "deregistered", registration);
    }

    @Override
    public void newObservation(Observation observation, Registration registration) {
    }

    @Override
    public void cancelled(Observation observation) {
    }

    @Override
    public void onResponse(SingleObservation observation, Registration registration, ObserveResponse response) {
        ObjectNode line = Models.JSON.createObjectNode().put("event", "notification")
                .put("ep", registration.getEndpoint()).put("path", observation.getPath().toString());
        if (response.getCoapResponse() instanceof Response coap && coap.getOptions().hasContentFormat())
            line.put("contentFormat", coap.getOptions().getContentFormat());
        if (response.getContent() != null)
            line.set("values", Models.flatten(observation.getPath(), response.getContent()));
        print(line.put("code", response.getCode().getCode()));
    }

    @Override
    public void onResponse(CompositeObservation observation, Registration registration,
            ObserveCompositeResponse response) {
        ObjectNode line = Models.JSON.createObjectNode().put("event", "composite-notification")
                .put("ep", registration.getEndpoint());
        if (response.getCoapResponse() instanceof Response coap && coap.getOptions().hasContentFormat())
            line.put("contentFormat", coap.getOptions().getContentFormat());
        if (response.getContent() != null)
            line.set("values", Composites.flatten(response.getContent()));
        print(line.put("code", response.getCode().getCode()));
    }

    @Override
    public void dataReceived(Registration registration, TimestampedLwM2mNodes data, SendRequest request) {
        print(Models.JSON.createObjectNode().put("event", "sent").put("ep", registration.getEndpoint())
                .put("contentFormat", request.getFormat().getCode()).set("history", Composites.history(data)));
    }

    @Override
    public void onError(Registration registration, String message, Exception error) {
        print(Models.JSON.createObjectNode().put("event", "send-error").put("error", message + " " + error));
    }

    @Override
    public void onAwake(Registration registration) {
        print(Models.JSON.createObjectNode().put("event", "awake").put("ep", registration.getEndpoint()));
    }

    @Override
    public void onSleeping(Registration registration) {
        print(Models.JSON.createObjectNode().put("event", "sleeping").put("ep", registration.getEndpoint()));
    }

    @Override
    public void onError(Observation observation, Registration registration, Exception error) {
        print(Models.JSON.createObjectNode().put("event", "notification-error").put("error", error.toString()));
    }
}

import java.util.Arrays;
import java.util.List;
import org.eclipse.leshan.core.SecurityMode;
import org.eclipse.leshan.core.request.BindingMode;
import org.eclipse.leshan.core.request.Identity;
import org.eclipse.leshan.server.bootstrap.BootstrapConfig;
import org.eclipse.leshan.server.bootstrap.BootstrapFailureCause;
import org.eclipse.leshan.server.bootstrap.BootstrapSession;
import org.eclipse.leshan.server.bootstrap.DefaultBootstrapSessionManager;
import org.eclipse.leshan.server.californium.bootstrap.LeshanBootstrapServer;
import org.eclipse.leshan.server.californium.bootstrap.LeshanBootstrapServerBuilder;
import org.eclipse.leshan.server.security.BootstrapSecurityStore;
import org.eclipse.leshan.server.security.SecurityInfo;

/**
 * Leshan's bootstrap server: sends every device to one server. Arguments: its port, the server's URI, the lifetime. On stdout one
 * JSON object per line: `{"event":"ready"}`, then `{"event":"bootstrapped","ep":"x"}` or `{"event":"failed","ep":"x","why":"..."}`.
 * Ends when its input does.
 */
final class LeshanBootstrap {
    private static final int SHORT_SERVER_ID = 123;

    private LeshanBootstrap() {
    }

    public static void main(String[] args) throws Exception {
        BootstrapConfig config = configOf(args[1], Integer.parseInt(args[2]));
        LeshanBootstrapServerBuilder builder = new LeshanBootstrapServerBuilder();
        builder.setLocalAddress("127.0.0.1", Integer.parseInt(args[0]));
        builder.setLocalSecureAddress("127.0.0.1", 0);
        builder.setConfigStore((String endpoint, Identity identity, BootstrapSession session) -> config);
        BootstrapSecurityStore open = new BootstrapSecurityStore() {
            @Override
            public List<SecurityInfo> getAllByEndpoint(String endpoint) {
                return null;
            }

            @Override
            public SecurityInfo getByIdentity(String identity) {
                return null;
            }
        };
        builder.setSecurityStore(open);
        builder.setSessionManager(new DefaultBootstrapSessionManager(open) {
            @Override
            public void end(BootstrapSession session) {
                System.out.println("{\"event\":\"bootstrapped\",\"ep\":\"" + session.getEndpoint() + "\"}");
            }

            @Override
            public void failed(BootstrapSession session, BootstrapFailureCause cause) {
                System.out.println("{\"event\":\"failed\",\"ep\":\"" + session.getEndpoint() + "\",\"why\":\"" + cause + "\"}");
            }
        });
        LeshanBootstrapServer server = builder.build();
        server.start();
        System.out.println("{\"event\":\"ready\"}");
        while (System.in.read() >= 0) {
            // Nothing can be asked of it.
        }
        server.destroy();
        System.exit(0);
    }

    private static BootstrapConfig configOf(String uri, int lifetime) {
        BootstrapConfig config = new BootstrapConfig();
        config.toDelete = Arrays.asList("/0", "/1");
        BootstrapConfig.ServerSecurity security = new BootstrapConfig.ServerSecurity();
        security.uri = uri;
        security.securityMode = SecurityMode.NO_SEC;
        security.serverId = SHORT_SERVER_ID;
        config.security.put(1, security);
        BootstrapConfig.ServerConfig server = new BootstrapConfig.ServerConfig();
        server.shortId = SHORT_SERVER_ID;
        server.lifetime = lifetime;
        server.binding = BindingMode.U;
        config.servers.put(0, server);
        return config;
    }
}

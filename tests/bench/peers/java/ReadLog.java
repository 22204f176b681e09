import com.github.shyiko.mysql.binlog.BinaryLogClient;
import com.github.shyiko.mysql.binlog.event.DeleteRowsEventData;
import com.github.shyiko.mysql.binlog.event.EventData;
import com.github.shyiko.mysql.binlog.event.EventHeaderV4;
import com.github.shyiko.mysql.binlog.event.UpdateRowsEventData;
import com.github.shyiko.mysql.binlog.event.WriteRowsEventData;
import com.github.shyiko.mysql.binlog.network.SSLMode;
import java.io.Serializable;
import java.util.Map;

/** Reads a part of a server's binary log: HOST PORT USER PASSWORD FILE OFFSET END MODE. */
public class ReadLog {
    private static long events, rows, values;

    public static void main(String[] arguments) throws Exception {
        BinaryLogClient client = new BinaryLogClient(arguments[0], Integer.parseInt(arguments[1]), arguments[2], arguments[3]);
        client.setSSLMode(SSLMode.DISABLED);
        client.setServerId(3_000_000_003L);
        client.setBinlogFilename(arguments[4]);
        client.setBinlogPosition(Long.parseLong(arguments[5]));
        client.setKeepAlive(false);
        long end = Long.parseLong(arguments[6]);
        client.registerEventListener(event -> {
            events++;
            EventData data = event.getData();
            if (data instanceof WriteRowsEventData) {
                ((WriteRowsEventData) data).getRows().forEach(ReadLog::row);
            } else if (data instanceof DeleteRowsEventData) {
                ((DeleteRowsEventData) data).getRows().forEach(ReadLog::row);
            } else if (data instanceof UpdateRowsEventData) {
                for (Map.Entry<Serializable[], Serializable[]> change : ((UpdateRowsEventData) data).getRows()) {
                    rows++;
                    values += change.getKey().length + change.getValue().length;
                }
            }
            if (event.getHeader() instanceof EventHeaderV4 && ((EventHeaderV4) event.getHeader()).getNextPosition() >= end) {
                System.out.println("{\"events\":" + events + ",\"rows\":" + rows + ",\"values\":" + values + "}");
                System.out.flush();
                Runtime.getRuntime().halt(0);
            }
        });
        client.connect();
    }

    private static void row(Serializable[] row) {
        rows++;
        values += row.length;
    }
}

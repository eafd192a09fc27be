/**
 * The network of a Pico W, joined again whenever it is lost: Kaluma does neither by itself, nor does it tell. Joining stops the program, 30 s
 * when there is no network.
 */

/** Between looks at the network, ms. */
const INTERVAL = 60000;

/** Joins the network that the Storage names, before it returns, and looks after it from then on. */
export function keepNetwork(): void {
  const wifi = new (require("wifi").WiFi)();
  function join(): void {
    wifi.connect(function (error) {
      if (error) console.log("Wi-Fi:", error.message);
    });
  }
  join();
  setInterval(join, INTERVAL);
}
